"""The end of every action on a member: the event applied to the wallet at hand, its receipt written, both committed, and the
answer put together. The same action again (a double tap, a retry after a crash) gets the answer of what was recorded.
"""

from collections.abc import Callable
from typing import Final

from printers.document import Receipt, decode_document
from stored_value.apply import apply
from stored_value.cash_out import cash_out, original_tenders
from stored_value.deposits import deposit
from stored_value.events import (
    Event,
    InstalmentReleased,
    MemberEnrolled,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    PointsRedeemed,
    PurchaseRefunded,
    Redeemed,
    ShiftClosed,
    ShiftOpened,
    Tender,
    TenderKind,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
    WalletEvent,
)
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    MoneyOutEvent,
    RefundReversed,
)
from stored_value.events_reservation import ReservationEvent
from stored_value.identity import EventId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservationId
from stored_value.reservations import find
from stored_value.rulebook import Rulebook
from stored_value.wallet import ValueKind, Wallet
from sync.entry import Entry
from sync.event_codec import event_of, stored_value_moved
from terminal import steps
from terminal.counter.member_view import bare_view, with_event
from terminal.counter.order_facts import facts_of
from terminal.counter.own_entries import original_no, takes_back_no
from terminal.counter.views import Completed, MemberView
from terminal.counter.workplace import AtWork, Standing, Workplace
from terminal.journal import NOTHING_RESERVED, LocalMember, Reserving
from terminal.members import MemberOnFile
from terminal.receipts import Split, member_receipt
from terminal.receipts_money_out import MoneyOutFacts, money_out_receipt
from terminal.receipts_order import OrderEvent, order_receipt
from terminal.view import WalletView


def finish(
    place: Workplace,
    at_work: AtWork,
    member: MemberOnFile,
    event: WalletEvent,
    *,
    attachment: bytes = b"",
    local_member: LocalMember | None = None,
    risk_minor: int = 0,
) -> Completed | Refusal:
    """Under `journal.deciding`, for an event that is decided and new. `risk_minor`: what of it neither lease nor hold covers."""
    steps.reached(steps.DECIDED)
    wallet = apply(member.view.wallet, event, at_work.rulebook, provisional_bonus=True).wallet
    after = bare_view(place, with_event(member, wallet, event, place.journal.head().seq + 1), at_work)

    def write(entry: Entry) -> Receipt:
        return _write(place, entry, event, after, wallet, at_work.rulebook, at_work.staff.name, member.view)

    opens_drawer = takes_cash(event)
    recorded = place.record(
        event,
        write,
        kick_drawer=opens_drawer,
        attachment=attachment,
        local_member=local_member,
        reserving=_reserving(event, wallet, risk_minor),
    )
    split = _split(place, event, wallet)
    return _completed(place, recorded.entry, event, after, split, recorded.receipt, printing=recorded.printing)


def _reserving(event: WalletEvent, after: Wallet, risk_minor: int) -> Reserving:
    """An offline top-up stays leased to this till (H3)."""
    leased = find(after, ReservationId(event.occasion.event_id)) if isinstance(event, ToppedUp) else None
    if leased is None and not risk_minor:
        return NOTHING_RESERVED
    return Reserving(leased_minor=leased.amount_minor if leased else 0, risk_minor=risk_minor)


def done_before(place: Workplace, action: EventId, is_same: Callable[[Event], bool]) -> Completed | Refusal | None:
    """None when the action is new. `is_same` compares what is asked now with what was recorded under its id."""
    entry = place.journal.find(action)
    if entry is None:
        return None
    event = event_of(entry)
    if isinstance(event, ShiftOpened | ShiftClosed) or not is_same(event):
        return Refusal(RefusalCode.ACTION_REUSED, {"kind": event.kind})
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    return answer_for(place, entry, event, standing)


def answer_for(place: Workplace, entry: Entry, event: WalletEvent, standing: Standing) -> Completed | Refusal:
    """What was answered when the entry was made; balances are those of now."""
    named = (event.purchase_id,) if isinstance(event, PurchaseRefunded | OrderRefunded | RefundReversed) else ()
    wanted = (event.occasion.event_id, *named)
    member = place.members.find(event.member_id, with_purchases=wanted)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    after, wallet = bare_view(place, member, standing), member.view.wallet
    job = place.journal.print_job_of(entry.header.seq)
    if job is not None:
        receipt = decode_document(job.stored_document)
    else:
        rulebook = place.rulebook(event.occasion.rulebook) or standing.rulebook
        receipt = _write(place, entry, event, after, wallet, rulebook, place.staff_name(event.occasion.staff_id))
    return _completed(place, entry, event, after, _split(place, event, wallet), receipt, printing=job is not None)


TENDERED: Final = (
    ToppedUp
    | TopUpReversed
    | OrderPaid
    | OrderRefunded
    | CashOutPaid
    | CashOutReversed
    | DepositTaken
    | DepositReturned
    | DepositRestored
)


def takes_cash(event: WalletEvent) -> bool:
    """Cash changes hands, in or out: the only reason to open the drawer."""
    tenders: tuple[Tender, ...] = event.tenders if isinstance(event, TENDERED) else ()
    return any(tender.kind is TenderKind.CASH for tender in tenders)


def _completed(
    place: Workplace,
    entry: Entry,
    event: WalletEvent,
    after: MemberView,
    split: Split,
    receipt: Receipt,
    *,
    printing: bool,
) -> Completed:
    return Completed(
        event_id=event.occasion.event_id,
        kind=event.kind,
        seq=entry.header.seq,
        receipt_no=place.receipt_no(entry.header.seq),
        member_id=event.member_id,
        amount_minor=_amount_minor(event),
        principal_minor=split.principal_minor,
        bonus_minor=split.bonus_minor,
        awaiting_minor=split.awaiting_minor,
        principal_after_minor=after.principal_minor,
        bonus_after_minor=after.bonus_minor + after.provisional_bonus_minor,
        provisional=event.occasion.offline,
        receipt=receipt,
        printing=printing,
        opens_drawer=takes_cash(event),
        points_after=after.points,
    )


def _amount_minor(event: WalletEvent) -> int:
    if isinstance(event, CashOutPaid | CashOutReversed):
        return event.amount_minor
    if isinstance(event, CashOutRequested):
        return event.refundable_minor
    if isinstance(event, MoneyOutEvent):
        return sum(stored_value_moved(event))
    return (
        0
        if isinstance(event, MemberEnrolled | PointsRedeemed | TierReviewed | ReservationEvent)
        else event.amount_minor
    )


def _write(
    place: Workplace,
    entry: Entry,
    event: WalletEvent,
    after: MemberView,
    wallet: Wallet,
    rulebook: Rulebook,
    staff_name: str,
    before: WalletView | None = None,
) -> Receipt:
    slip = place.slip(entry, staff_name, rulebook)
    split, named_no = _split(place, event, wallet), original_no(place, event)
    if isinstance(event, OrderEvent):
        return order_receipt(slip, event, after, split, facts_of(event, wallet, rulebook, before, named_no))
    names: dict[int, str] = {}
    if isinstance(event, PurchaseRefunded | RefundReversed):
        purchase = wallet.purchase(event.purchase_id)
        names = {line.line_no: line.name for line in purchase.lines} if purchase else {}
    if isinstance(event, MoneyOutEvent):
        return money_out_receipt(slip, event, after, _facts(place, entry, event, wallet, names))
    return member_receipt(slip, event, after, split, names=names, original_no=named_no)


def _facts(
    place: Workplace, entry: Entry, event: MoneyOutEvent, wallet: Wallet, names: dict[int, str]
) -> MoneyOutFacts:
    asked, held, item = None, None, ""
    match event:
        case CashOutRequested():
            asked = cash_out(wallet, event.occasion.event_id)
        case CashOutPaid() | CashOutRejected() | CashOutReversed():
            asked = cash_out(wallet, event.request_id)
        case DepositTaken():
            item = event.item
        case DepositReturned() | DepositKept() | DepositRestored():
            held = deposit(wallet, event.deposit_id)
            own = place.journal.find(event.deposit_id)
            taken = event_of(own) if own else None
            item = taken.item if isinstance(taken, DepositTaken) else ""
        case _:
            pass
    return MoneyOutFacts(
        asked=asked,
        back_by=original_tenders(wallet, asked.lines) if asked is not None else (),
        item=item,
        deposit_left_minor=held.remaining_minor if held is not None else 0,
        original_no=original_no(place, event),
        takes_back_no=takes_back_no(place, event, entry.header.seq),
        names=names,
    )


def _split(place: Workplace, event: WalletEvent, wallet: Wallet) -> Split:
    """What the event moved of each kind, from the wallet after it."""
    if isinstance(event, MoneyOutEvent | ReservationEvent):
        return Split()
    match event:
        case MemberEnrolled() | PassUsed() | PointsRedeemed() | TierReviewed():
            return Split()
        case InstalmentReleased():
            return Split(bonus_minor=event.amount_minor)
        case ToppedUp():
            return Split(
                principal_minor=event.amount_minor, bonus_minor=sum(each.bonus_minor for each in event.promised)
            )
        case TopUpReversed():
            entry = place.journal.find(event.top_up_id)
            top_up = event_of(entry) if entry else None
            promised = top_up.promised if isinstance(top_up, ToppedUp) else ()
            return Split(principal_minor=event.amount_minor, bonus_minor=sum(each.bonus_minor for each in promised))
        case Redeemed() | PurchaseRefunded() | OrderPaid() | OrderRefunded():
            moved = event.balance_minor if isinstance(event, OrderPaid | OrderRefunded) else event.amount_minor
            by_kind = {ValueKind.PRINCIPAL: 0, ValueKind.BONUS: 0}
            for draw in event.expected_draw:
                lot = wallet.lot(draw.lot_id)
                if lot is not None:
                    by_kind[lot.kind] += draw.amount_minor
            principal, bonus = by_kind[ValueKind.PRINCIPAL], by_kind[ValueKind.BONUS]
            awaiting = event.suspense_minor if isinstance(event, PurchaseRefunded) else 0
            owed = moved - principal - bonus - awaiting
            return Split(principal_minor=principal, bonus_minor=bonus, owed_minor=owed, awaiting_minor=awaiting)
