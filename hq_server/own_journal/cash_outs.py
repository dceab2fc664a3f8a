"""Owns the rejection of a cash-out by head office: for a request whose till is gone, so that nothing stays reserved for ever. What was reserved is the member's again.

Called by the console, which audits it.
"""

from dataclasses import dataclass

from hq_server.database.engine import ReadSession
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.one_member import Wished, write_once
from hq_server.own_journal.place import Moment
from stored_value.cash_out import cash_out
from stored_value.cash_out_records import CashOutState
from stored_value.events import Event
from stored_value.events_money_out import CashOutRejected
from stored_value.identity import EventId, MemberId
from stored_value.occasion import Occasion
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionWish:
    """`wish_id` is made before anybody is asked; it names the event. `request_id` is the cash-out."""

    wish_id: EventId
    member_id: MemberId
    request_id: EventId
    reason: str = ""


def reject_cash_out(desk: Desk, moment: Moment, wish: RejectionWish, note: Note) -> Refusal | None:
    """As `write_once`."""

    def is_same(event: Event) -> bool:
        return isinstance(event, CashOutRejected) and event.request_id == wish.request_id

    def decide(_: ReadSession, wallet: Wallet, occasion: Occasion) -> CashOutRejected | Refusal:
        asked = cash_out(wallet, wish.request_id)
        if asked is None:
            return Refusal(RefusalCode.CASH_OUT_UNKNOWN)
        if asked.state is not CashOutState.WAITING:
            return Refusal(RefusalCode.CASH_OUT_NOT_WAITING, {"state": asked.state.value})
        return CashOutRejected(
            occasion=occasion,
            member_id=wish.member_id,
            request_id=wish.request_id,
            restored_minor=asked.reserved_minor,
            reason=wish.reason,
        )

    return write_once(desk, moment, Wished(member_id=wish.member_id, event_id=wish.wish_id), note, is_same, decide)
