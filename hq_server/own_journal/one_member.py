"""Owns how a wish that concerns one member becomes one entry of head office's journal: once, whatever is sent again, decided on the wallet as it stands under its lock.

Called by `standing` and `cash_outs`; what moves between two members is `transfers`.
"""

from collections.abc import Callable

from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.events import Event, WalletEvent
from stored_value.identity import EventId, MemberId
from stored_value.occasion import Occasion
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Wallet

Decide = Callable[[Wallet, Occasion], WalletEvent | Refusal]
IsSame = Callable[[Event], bool]


def write_once(
    desk: Desk, moment: Moment, named: tuple[MemberId, EventId], note: Note, is_same: IsSame, decide: Decide
) -> Refusal | None:
    """`named`: the member, and the id that the event gets. None when it is done, now or by an earlier call with the same id and content; `note` is written with it.
    May raise `DatabaseBusy`, `StorageFull`."""
    member_id, event_id = named

    def write(journal: OwnJournal) -> Refusal | None:
        wallet = journal.wallets_to_decide_on([member_id]).get(member_id)
        if wallet is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        before = journal.event_of(member_id, event_id)
        if before is not None:
            return None if is_same(before) else Refusal(RefusalCode.ACTION_REUSED)
        event = decide(wallet, moment.occasion(event_id, journal.rulebooks.in_force(moment.now).version))
        if isinstance(event, Refusal):
            return event
        journal.write([event])
        note(journal.session)
        return None

    refusal = desk.write(moment.now, write)
    if refusal is None:
        desk.tell()
    return refusal
