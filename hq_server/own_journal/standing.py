"""Owns a change of a member's standing by head office: frozen, lost, active again, closed. Every till hears of it by the global feed (H9).

Called by the console, which audits it.
"""

from dataclasses import dataclass

from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.events_money_out import StatusChanged
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import reserved_minor
from stored_value.standing import refuse_status
from stored_value.wallet import WalletStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingWish:
    """`request_id` is made before anybody is asked; it names the event."""

    request_id: EventId
    member_id: MemberId
    status: WalletStatus
    reason: str = ""


def change_status(desk: Desk, moment: Moment, wish: StandingWish, note: Note) -> Refusal | None:
    """None when it is done, now or by an earlier call with the same request; `note` is written with it. May raise `DatabaseBusy`, `StorageFull`."""

    def change(journal: OwnJournal) -> Refusal | None:
        wallet = journal.wallets([wish.member_id]).get(wish.member_id)
        if wallet is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        before = journal.event_of(wish.member_id, wish.request_id)
        if before is not None:
            same = isinstance(before, StatusChanged) and before.status is wish.status
            return None if same else Refusal(RefusalCode.ACTION_REUSED)
        refusal = refuse_status(wallet, wish.status, committed_minor=reserved_minor(wallet))
        if refusal is not None:
            return refusal
        version = journal.rulebooks.in_force(moment.now).version
        event = StatusChanged(
            occasion=moment.occasion(wish.request_id, version),
            member_id=wish.member_id,
            before=wallet.status,
            status=wish.status,
            reason=wish.reason,
        )
        journal.write([event])
        note(journal.session)
        return None

    refusal = desk.write(moment.now, change)
    if refusal is None:
        desk.tell()
    return refusal
