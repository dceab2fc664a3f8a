"""Refund of a purchase 退款, by line, at the till that made it; elsewhere the same lines could be refunded twice (H4)."""

from dataclasses import replace

from stored_value.events import (
    Event,
    EvidenceClass,
    ExpectedDraw,
    OrderPaid,
    PassUsed,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
)
from stored_value.identity import EventId
from stored_value.order_refund import cover_of, pass_rest_minor
from stored_value.refund import plan_refund, refuse_refund
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Purchase, PurchaseLine, ValueKind, Wallet
from sync.entry import Entry
from sync.event_codec import event_of
from terminal.counter.completion import done_before, finish
from terminal.counter.views import Completed, PurchaseLineView, PurchaseView
from terminal.counter.workplace import AtWork, Workplace
from terminal.members import MemberOnFile

REASON_CHARS_MAX = 60


def purchase_by_receipt(place: Workplace, receipt_no: str) -> PurchaseView | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    entry = own_entry(place, receipt_no)
    sale = event_of(entry) if entry else None
    if not isinstance(sale, Redeemed | OrderPaid | PassUsed):
        return _not_here(place, receipt_no)
    loaded = load_purchase(place, sale)
    if isinstance(loaded, Refusal):
        return loaded
    member, purchase = loaded
    return PurchaseView(
        purchase_id=purchase.purchase_id,
        receipt_no=receipt_no.strip(),
        member_id=member.member_id,
        name_masked=member.name_masked,
        phone_last4=member.phone_last4,
        business_date=purchase.business_date,
        local_time=sale.occasion.local_time,
        lines=tuple(_line_view(member.view.wallet, purchase, line) for line in purchase.lines),
        is_order=purchase.is_order,
    )


def _line_view(wallet: Wallet, purchase: Purchase, line: PurchaseLine) -> PurchaseLineView:
    """Of a sold pass only what is left of it can come back; of a covered line the uses."""
    cover = cover_of(purchase, line.line_no)
    sold = line.sells_pass is not None
    return PurchaseLineView(
        line_no=line.line_no,
        name=line.name,
        total_minor=line.total_minor,
        refunded_minor=line.refunded_minor,
        refundable_minor=pass_rest_minor(wallet, line) if sold else line.refundable_minor,
        units=cover.quantity if cover is not None else 0,
        units_left=cover.quantity - cover.returned if cover is not None else 0,
        only_whole=sold,
    )


def refund(
    place: Workplace, action: EventId, purchase_id: EventId, lines: tuple[RefundLine, ...], reason: str
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, PurchaseRefunded) and (event.purchase_id, event.lines) == (purchase_id, lines)

    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        entry = place.journal.find(purchase_id)
        sale = event_of(entry) if entry else None
        if not isinstance(sale, Redeemed):
            return unknown_or_elsewhere(place, purchase_id)
        return _refund(place, at_work, action, sale, lines, reason)


def _refund(
    place: Workplace, at_work: AtWork, action: EventId, sale: Redeemed, lines: tuple[RefundLine, ...], reason: str
) -> Completed | Refusal:
    loaded = load_purchase(place, sale)
    if isinstance(loaded, Refusal):
        return loaded
    member, purchase = loaded
    refusal = refuse_refund(purchase, lines, at_work.rulebook, at_work.on)
    if refusal is not None:
        return refusal
    event = PurchaseRefunded(
        occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=not place.link.state().online),
        member_id=sale.member_id,
        purchase_id=purchase.purchase_id,
        amount_minor=sum(line.amount_minor for line in lines),
        lines=lines,
        reason=reason.strip()[:REASON_CHARS_MAX],
    )
    return finish(place, at_work, member, with_plan(event, purchase))


def with_plan(event: PurchaseRefunded, purchase: Purchase) -> PurchaseRefunded:
    """A refund says what it expects to put back: by lot, and what of it waits for head office and was never taken of the member."""
    back = plan_refund(purchase, event.lines)
    return replace(
        event,
        expected_draw=tuple(
            ExpectedDraw(lot_id=each.lot_id, amount_minor=each.amount_minor) for each in back if each.lot_id is not None
        ),
        suspense_minor=sum(each.amount_minor for each in back if each.kind is ValueKind.SUSPENSE),
    )


def own_entry(place: Workplace, receipt_no: str) -> Entry | None:
    """The entry of a receipt number of this till."""
    prefix, _, number = receipt_no.strip().rpartition("-")
    if prefix != place.journal.head_office.identity.terminal_id or not (number.isascii() and number.isdigit()):
        return None
    return place.journal.entry(int(number))


def load_purchase(place: Workplace, sale: Redeemed | OrderPaid | PassUsed) -> tuple[MemberOnFile, Purchase] | Refusal:
    """The purchase as it stands after every refund known here, in its member's wallet."""
    purchase_id = sale.occasion.event_id
    member = place.members.find(sale.member_id, with_purchases=(purchase_id,))
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    purchase = member.view.wallet.purchase(purchase_id)
    return Refusal(RefusalCode.PURCHASE_UNKNOWN) if purchase is None else (member, purchase)


def _not_here(place: Workplace, receipt_no: str) -> Refusal:
    """A receipt number names its till."""
    prefix, _, number = receipt_no.strip().rpartition("-")
    if prefix and number.isdigit() and prefix != place.journal.head_office.identity.terminal_id:
        return Refusal(RefusalCode.PURCHASE_OF_ANOTHER_TILL, {"terminal_id": prefix})
    return Refusal(RefusalCode.PURCHASE_UNKNOWN)


def unknown_or_elsewhere(place: Workplace, purchase_id: EventId) -> Refusal:
    known = place.replica.purchase(purchase_id)
    if known is None:
        return Refusal(RefusalCode.PURCHASE_UNKNOWN)
    return Refusal(RefusalCode.PURCHASE_OF_ANOTHER_TILL, {"terminal_id": known.terminal_id})
