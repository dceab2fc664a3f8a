"""Owns the rejection of a cash-out by head office: for a request whose till is gone, so that nothing stays reserved for ever. What was reserved is the member's again.

Called by the console, which audits it.
"""

from dataclasses import dataclass

from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.cash_out import cash_out
from stored_value.cash_out_records import CashOutState
from stored_value.events_money_out import CashOutRejected
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionWish:
    """`wish_id` is made before anybody is asked; it names the event. `request_id` is the cash-out."""

    wish_id: EventId
    member_id: MemberId
    request_id: EventId
    reason: str = ""


def reject_cash_out(desk: Desk, moment: Moment, wish: RejectionWish, note: Note) -> Refusal | None:
    """None when it is done, now or by an earlier call with the same wish; `note` is written with it. May raise `DatabaseBusy`, `StorageFull`."""

    def reject(journal: OwnJournal) -> Refusal | None:
        wallet = journal.wallets([wish.member_id]).get(wish.member_id)
        if wallet is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        before = journal.event_of(wish.member_id, wish.wish_id)
        if before is not None:
            same = isinstance(before, CashOutRejected) and before.request_id == wish.request_id
            return None if same else Refusal(RefusalCode.ACTION_REUSED)
        asked = cash_out(wallet, wish.request_id)
        if asked is None:
            return Refusal(RefusalCode.CASH_OUT_UNKNOWN)
        if asked.state is not CashOutState.WAITING:
            return Refusal(RefusalCode.CASH_OUT_NOT_WAITING, {"state": asked.state.value})
        version = journal.rulebooks.in_force(moment.now).version
        event = CashOutRejected(
            occasion=moment.occasion(wish.wish_id, version),
            member_id=wish.member_id,
            request_id=wish.request_id,
            restored_minor=asked.reserved_minor,
            reason=wish.reason,
        )
        journal.write([event])
        note(journal.session)
        return None

    refusal = desk.write(moment.now, reject)
    if refusal is None:
        desk.tell()
    return refusal
