"""This till's own entries as its papers name them: which receipt an event is about, and which one it takes back. Reads the journal only; called by the use-cases."""

from stored_value.events import (
    OrderRefunded,
    PurchaseRefunded,
    TopUpReversed,
    WalletEvent,
)
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    RefundReversed,
    StatusChanged,
)
from stored_value.identity import EventId, MemberId
from stored_value.taking_back import REASON
from sync.entry import Entry
from terminal.counter.workplace import Workplace

_LOOKED_AT = 50


def receipt_no_of(place: Workplace, event_id: EventId) -> str:
    """Empty when another till wrote it."""
    entry = place.journal.find(event_id)
    return place.receipt_no(entry.header.seq) if entry else ""


def original_no(place: Workplace, event: WalletEvent) -> str:
    """The receipt of the purchase, top-up, request or deposit that the event names."""
    match event:
        case PurchaseRefunded() | OrderRefunded() | RefundReversed():
            return receipt_no_of(place, event.purchase_id)
        case TopUpReversed():
            return receipt_no_of(place, event.top_up_id)
        case CashOutPaid() | CashOutRejected() | CashOutReversed():
            return receipt_no_of(place, event.request_id)
        case DepositReturned() | DepositKept() | DepositRestored():
            return receipt_no_of(place, event.deposit_id)
        case _:
            return ""


def takes_back_no(place: Workplace, event: WalletEvent, seq: int) -> str:
    """The receipt that the event takes back. What is taken back is always the member's entry before it (`taking_back`), so the journal's order tells which one."""
    match event:
        case CashOutReversed() | DepositRestored() | RefundReversed():
            pass
        case CashOutRejected(reason=reason) | StatusChanged(reason=reason) if reason == REASON:
            pass
        case _:
            return ""
    before = entry_before(place, event.member_id, seq)
    return place.receipt_no(before.header.seq) if before else ""


def newest_entry(place: Workplace, member_id: MemberId) -> Entry | None:
    """The member's newest entry at this till. Leases come and go by themselves and are nothing that anybody did at the counter."""
    return next(iter(place.journal.recent_of(member_id, _LOOKED_AT)), None)


def entry_before(place: Workplace, member_id: MemberId, seq: int) -> Entry | None:
    """The member's entry before `seq` at this till."""
    return next((each for each in place.journal.recent_of(member_id, _LOOKED_AT) if each.header.seq < seq), None)
