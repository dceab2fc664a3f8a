"""Reversal 冲正 of the last entry of a shift, for every kind: which event takes an entry back, and why some are not taken back. Builds events, applies none.

`undone_by` answers with the event that a till writes, or with a refusal whose `remedy` names the next best way.
"""

from datetime import date
from typing import assert_never

from stored_value.cash_out import cash_out
from stored_value.cash_out_records import CashOutState
from stored_value.deposits import deposit
from stored_value.draw import LIABILITY, drawable_lots, drawable_minor
from stored_value.events import (
    InstalmentReleased,
    MemberEnrolled,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    PointsRedeemed,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
    WalletEvent,
)
from stored_value.events_money_out import (
    CardReplaced,
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    IdentityRecorded,
    LotExpired,
    PinCleared,
    PinSet,
    RefundReversed,
    StatusChanged,
    SuspenseDecided,
    TakenBackLine,
    TransferredIn,
    TransferredOut,
)
from stored_value.events_reservation import LeaseAccepted, LeaseReturned, ReservationWrittenOff
from stored_value.occasion import Occasion
from stored_value.order_refund import everything_back, pass_rest_minor, plan_order_refund
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing
from stored_value.reversal import refuse_reversal
from stored_value.wallet import HoldingKind, Wallet, WalletStatus

REASON = "reversal"


def refuse_taking_back(event: WalletEvent, last: WalletEvent | None, place: Occasion) -> Refusal | None:
    """`last` is the newest entry of a member in this till's shift; only that one, and only within the shift in which it was written."""
    written = event.occasion
    if (written.shift_id, written.terminal_id) != (place.shift_id, place.terminal_id):
        return Refusal(RefusalCode.ENTRY_OF_ANOTHER_SHIFT, {"shift": written.shift_id, "remedy": "refund_or_cash_out"})
    if last is None or last.occasion.event_id != written.event_id:
        data: dict[str, int | str] = {"last": "" if last is None else last.occasion.event_id}
        return Refusal(RefusalCode.NOT_LAST_ENTRY, {**data, "remedy": "refund_or_cash_out"})
    return None


def undone_by(event: WalletEvent, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    """`wallet` as it stands now, `place` with the id of the new event."""
    match event:
        case ToppedUp():
            return _top_up(event, wallet, place)
        case Redeemed():
            return _redemption(event, wallet, place)
        case OrderPaid() | PassUsed() | PointsRedeemed():
            return _order(event, wallet, place)
        case PurchaseRefunded():
            return _refund(event, wallet, place)
        case MemberEnrolled():
            return _enrolment(event, wallet, place)
        case StatusChanged():
            return _status(event, wallet, place)
        case CashOutRequested() | CashOutPaid() | CashOutRejected():
            return _cash_out(event, wallet, place)
        case DepositTaken() | DepositReturned() | DepositKept():
            return _deposit(event, wallet, place)
        case (
            OrderRefunded()
            | TopUpReversed()
            | RefundReversed()
            | CashOutReversed()
            | DepositRestored()
            | TransferredOut()
            | TransferredIn()
            | LotExpired()
            | InstalmentReleased()
            | TierReviewed()
            | CardReplaced()
            | IdentityRecorded()
            | PinSet()
            | PinCleared()
            | LeaseAccepted()
            | LeaseReturned()
            | ReservationWrittenOff()
            | SuspenseDecided()
        ):
            return _not_now(event, REMEDIES[type(event)])
        case _:
            assert_never(event)


REMEDIES: dict[type[WalletEvent], str] = {
    OrderRefunded: "sell_again",
    TopUpReversed: "top_up_again",
    RefundReversed: "refund_again",
    CashOutReversed: "pay_again",
    DepositRestored: "return_again",
    TransferredOut: "transfer_back",
    TransferredIn: "transfer_back",
    LotExpired: "ask_head_office",
    InstalmentReleased: "ask_head_office",
    TierReviewed: "ask_head_office",
    CardReplaced: "replace_again",
    IdentityRecorded: "record_again",
    PinSet: "set_pin_again",
    PinCleared: "ask_head_office",
    LeaseAccepted: "ask_head_office",
    LeaseReturned: "ask_head_office",
    ReservationWrittenOff: "ask_head_office",
    SuspenseDecided: "ask_head_office",
}
"""What to do instead, for the kinds that nothing takes back: they are reversals themselves, of two wallets, head office's own, or nothing is lost by doing them
again. An order that was given back is sold again: its coupons, points and passes are the member's to use as before."""


TAKEN_BACK_BY: dict[type[WalletEvent], type[WalletEvent]] = {
    ToppedUp: TopUpReversed,
    Redeemed: PurchaseRefunded,
    OrderPaid: OrderRefunded,
    PassUsed: OrderRefunded,
    PointsRedeemed: OrderRefunded,
    PurchaseRefunded: RefundReversed,
    MemberEnrolled: StatusChanged,
    StatusChanged: StatusChanged,
    CashOutRequested: CashOutRejected,
    CashOutPaid: CashOutReversed,
    DepositTaken: DepositReturned,
    DepositReturned: DepositRestored,
    DepositKept: DepositRestored,
}
"""The kinds that can be taken back at all, and by which: what `undone_by` answers when nothing stands against it."""


def leaving_minor(event: WalletEvent, wallet: Wallet, on: date) -> int:
    """What taking the entry back takes out of the wallet. Other tills may keep some of it (H5): it is reserved first."""
    match event:
        case ToppedUp():
            source = event.occasion.event_id
            drawable = (lot for kind in LIABILITY for lot in drawable_lots(wallet, kind, on))
            return sum(lot.remaining_minor for lot in drawable if lot.top_up_id == source)
        case PurchaseRefunded():
            return min(event.amount_minor, max(0, drawable_minor(wallet, on)))
        case _:
            return 0


def leaving_things(event: WalletEvent, wallet: Wallet) -> tuple[ReservedThing, ...]:
    """The coupons, passes and points that taking the entry back takes out of the wallet (H4)."""
    match event:
        case ToppedUp():
            kinds = frozenset(HoldingKind)
        case OrderPaid() | PointsRedeemed():
            kinds = frozenset(HoldingKind) - {HoldingKind.POINTS}  # what a purchase earned is taken from any
        case _:
            return ()
    given = (held for held in wallet.holdings if held.source_id == event.occasion.event_id and held.kind in kinds)
    return tuple(
        ReservedThing(thing_id=held.holding_id, quantity=held.remaining) for held in given if held.remaining > 0
    )


def _not_now(event: WalletEvent, remedy: str) -> Refusal:
    return Refusal(RefusalCode.ENTRY_NOT_REVERSIBLE, {"kind": event.kind, "remedy": remedy})


def _top_up(event: ToppedUp, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    refused = refuse_reversal(wallet, event)
    if refused is not None:
        return refused
    return TopUpReversed(
        occasion=place,
        member_id=event.member_id,
        top_up_id=event.occasion.event_id,
        amount_minor=event.amount_minor,
        tenders=event.tenders,
    )


def _redemption(event: Redeemed, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    purchase = wallet.purchase(event.occasion.event_id)
    if purchase is None:
        return Refusal(RefusalCode.PURCHASE_UNKNOWN)
    if not purchase.refundable_minor:
        return _not_now(event, "refunded_already")
    return PurchaseRefunded(
        occasion=place,
        member_id=event.member_id,
        purchase_id=purchase.purchase_id,
        amount_minor=purchase.refundable_minor,
        lines=tuple(
            RefundLine(line_no=line.line_no, amount_minor=line.refundable_minor)
            for line in purchase.lines
            if line.refundable_minor
        ),
        reason=REASON,
    )


def _refund(event: PurchaseRefunded, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    purchase = wallet.purchase(event.purchase_id)
    if purchase is None:
        return Refusal(RefusalCode.PURCHASE_UNKNOWN)
    if purchase.is_order:
        return _not_now(event, REMEDIES[OrderRefunded])
    return RefundReversed(
        occasion=place,
        member_id=event.member_id,
        refund_id=event.occasion.event_id,
        purchase_id=event.purchase_id,
        amount_minor=event.amount_minor,
        lines=tuple(TakenBackLine(line_no=line.line_no, amount_minor=line.amount_minor) for line in event.lines),
        suspense_minor=event.suspense_minor,
    )


def _order(event: OrderPaid | PassUsed | PointsRedeemed, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    """Everything of the order goes back: tenders to the hand, value to lots, units to their pass, coupons and points. What it gave must be there whole."""
    purchase = wallet.purchase(event.occasion.event_id)
    if purchase is None:
        return Refusal(RefusalCode.PURCHASE_UNKNOWN)
    if any(line.sells_pass and pass_rest_minor(wallet, line) != line.refundable_minor for line in purchase.lines):
        return _not_now(event, "refund_lines")
    lines = everything_back(wallet, purchase)
    if not lines:
        return _not_now(event, "refunded_or_used")
    plan = plan_order_refund(wallet, purchase, lines)
    return OrderRefunded(
        occasion=place,
        member_id=event.member_id,
        purchase_id=purchase.purchase_id,
        lines=lines,
        balance_minor=plan.balance_minor,
        tenders=plan.tenders,
        reason=REASON,
    )


def _enrolment(event: MemberEnrolled, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    """A member enrolled by mistake is closed while there is nothing in the wallet."""
    if wallet.lots or wallet.holdings or wallet.owed_minor or wallet.status is not WalletStatus.ACTIVE:
        return _not_now(event, "close")
    return StatusChanged(
        occasion=place,
        member_id=event.member_id,
        before=wallet.status,
        status=WalletStatus.CLOSED,
        reason=REASON,
    )


def _status(event: StatusChanged, wallet: Wallet, place: Occasion) -> WalletEvent | Refusal:
    if wallet.status is not event.status or wallet.merged_into is not None:
        return _not_now(event, "change_again")
    return StatusChanged(
        occasion=place, member_id=event.member_id, before=event.status, status=event.before, reason=REASON
    )


def _cash_out(
    event: CashOutRequested | CashOutPaid | CashOutRejected, wallet: Wallet, place: Occasion
) -> WalletEvent | Refusal:
    request_id = event.occasion.event_id if isinstance(event, CashOutRequested) else event.request_id
    asked = cash_out(wallet, request_id)
    if asked is None:
        return Refusal(RefusalCode.CASH_OUT_UNKNOWN, {"request": request_id})
    match event:
        case CashOutRequested() if asked.state is CashOutState.WAITING:
            return CashOutRejected(
                occasion=place,
                member_id=event.member_id,
                request_id=request_id,
                restored_minor=asked.reserved_minor,
                reason=REASON,
            )
        case CashOutPaid() if asked.state is CashOutState.PAID:
            if asked.refundable_minor != event.amount_minor:
                return _not_now(event, "reckoned_again")
            return CashOutReversed(
                occasion=place,
                member_id=event.member_id,
                request_id=request_id,
                amount_minor=event.amount_minor,
                tenders=event.tenders,
            )
        case _:
            return _not_now(event, "request_again")


def _deposit(
    event: DepositTaken | DepositReturned | DepositKept, wallet: Wallet, place: Occasion
) -> WalletEvent | Refusal:
    deposit_id = event.occasion.event_id if isinstance(event, DepositTaken) else event.deposit_id
    held = deposit(wallet, deposit_id)
    if held is None:
        return Refusal(RefusalCode.DEPOSIT_UNKNOWN, {"deposit": deposit_id})
    if isinstance(event, DepositTaken):
        if held.remaining_minor != event.amount_minor:
            return Refusal(RefusalCode.DEPOSIT_EXCEEDED, {"left_minor": held.remaining_minor})
        return DepositReturned(
            occasion=place,
            member_id=event.member_id,
            deposit_id=deposit_id,
            amount_minor=event.amount_minor,
            tenders=event.tenders,
        )
    tenders = event.tenders if isinstance(event, DepositReturned) else ()
    return DepositRestored(
        occasion=place,
        member_id=event.member_id,
        deposit_id=deposit_id,
        amount_minor=event.amount_minor,
        tenders=tenders,
    )
