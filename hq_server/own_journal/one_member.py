"""Owns how a wish that concerns one member becomes one entry of head office's journal: once, whatever is sent again, decided on the wallet as it stands under its lock.

Called by `standing`, `cash_outs`, `suspense` and `dead_tills`; what moves between two members is `transfers`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hq_server.database.engine import ReadSession
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.events import Event, WalletEvent
from stored_value.identity import EventId, MemberId
from stored_value.occasion import Occasion
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Wallet

Decide = Callable[[ReadSession, Wallet, Occasion], WalletEvent | Refusal]
IsSame = Callable[[Event], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """The member, the id that the event gets, and the purchase that it changes, if any."""

    member_id: MemberId
    event_id: EventId
    purchase_id: EventId | None = None


def write_once(
    desk: Desk, moment: Moment, wished: Wished, note: Note, is_same: IsSame, decide: Decide
) -> Refusal | None:
    """None when it is done, now or by an earlier call with the same id and content; `note` is written with it. May raise `DatabaseBusy`, `StorageFull`."""
    member_id, event_id = wished.member_id, wished.event_id
    purchases = () if wished.purchase_id is None else ((member_id, wished.purchase_id),)

    def write(journal: OwnJournal) -> Refusal | None:
        wallet = journal.wallets_to_decide_on([member_id], purchases).get(member_id)
        if wallet is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        before = journal.event_of(member_id, event_id)
        if before is not None:
            return None if is_same(before) else Refusal(RefusalCode.ACTION_REUSED)
        occasion = moment.occasion(event_id, journal.rulebooks.in_force(moment.now).version)
        event = decide(journal.session, wallet, occasion)
        if isinstance(event, Refusal):
            return event
        journal.write([event])
        note(journal.session)
        return None

    refusal = desk.write(moment.now, write)
    if refusal is None:
        desk.tell()
    return refusal
