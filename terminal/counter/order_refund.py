"""Refunds of orders and of pass uses 退款, by line and unit, at the till that made them. What paid a line gets back its part of it: the rules say which tender and
how much. A sold pass comes back online only: another till may have used it meanwhile (H4).
"""

from dataclasses import dataclass, replace

from stored_value.draw import Draw
from stored_value.events import Event, EvidenceClass, ExpectedDraw, OrderPaid, OrderRefunded, PassUsed
from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId
from stored_value.order_refund import OrderRefundPlan, plan_order_refund, refuse_order_refund
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing
from stored_value.rulebook import Rulebook, Words
from stored_value.standing import Deed
from stored_value.wallet import HoldingKind, Purchase, ValueKind
from sync.event_codec import event_of
from terminal.counter.completion import done_before, finish
from terminal.counter.online_read import Patience, is_fresh
from terminal.counter.order_views import OrderRefundQuote
from terminal.counter.refund import REASON_CHARS_MAX, load_purchase, unknown_or_elsewhere
from terminal.counter.reserving import Reserved, Wanted, cover, reserving_any
from terminal.counter.views import Completed
from terminal.counter.workplace import AtWork, Workplace
from terminal.members import MemberOnFile

Lines = tuple[OrderRefundLine, ...]
Sale = OrderPaid | PassUsed


def quote_order_refund(place: Workplace, purchase_id: EventId, lines: Lines) -> OrderRefundQuote | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    found = _find(place, purchase_id)
    if isinstance(found, Refusal):
        return found
    member, purchase = found
    wallet = member.view.wallet
    refusal = refuse_order_refund(wallet, purchase, lines, standing.rulebook, standing.on)
    if refusal is not None:
        return refusal
    plan = plan_order_refund(wallet, purchase, lines)
    return OrderRefundQuote(
        amount_minor=sum(line.amount_minor for line in lines),
        tenders=plan.tenders,
        principal_minor=_sum_of(plan.draws, ValueKind.PRINCIPAL),
        bonus_minor=_sum_of(plan.draws, ValueKind.BONUS),
        owed_minor=_sum_of(plan.draws, ValueKind.RECEIVABLE),
        points=plan.points,
        coupons=_coupons(plan, standing.rulebook),
        units=sum(line.units for line in lines),
    )


def refund_order(
    place: Workplace, action: EventId, purchase_id: EventId, lines: Lines, reason: str
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    sale = _sale(place, purchase_id)
    if isinstance(sale, Refusal):
        return sale

    def is_same(event: Event) -> bool:
        return isinstance(event, OrderRefunded) and (event.purchase_id, event.lines) == (purchase_id, lines)

    new = place.journal.find(action) is None
    patience = Patience(place.clock)
    unread = new and _returns_a_pass(sale, lines) and not is_fresh(place, sale.member_id, patience)
    things = () if unread else _passes(place, at_work, sale, lines)
    wanted = Wanted(member_id=sale.member_id, amount_minor=0, things=things, deed=Deed.REFUND)
    with reserving_any(place, action, wanted, patience) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        if unread or reserved.offline:
            return Refusal(RefusalCode.ONLINE_ONLY)
        return _refund(place, at_work, sale, _Refunding(action, purchase_id, lines, reason, wanted, reserved))


@dataclass(frozen=True, slots=True)
class _Refunding:
    action: EventId
    purchase_id: EventId
    lines: Lines
    reason: str
    wanted: Wanted
    reserved: Reserved


def _refund(place: Workplace, at_work: AtWork, sale: Sale, asked: _Refunding) -> Completed | Refusal:
    found = _find(place, asked.purchase_id)
    if isinstance(found, Refusal):
        return found
    member, purchase = found
    wallet = member.view.wallet
    refusal = refuse_order_refund(wallet, purchase, asked.lines, at_work.rulebook, at_work.on)
    if refusal is not None:
        return refusal
    if _passes(place, at_work, sale, asked.lines) != asked.wanted.things:
        return Refusal(RefusalCode.ONLINE_ONLY)  # head office told of another use meanwhile
    covered = cover(place, member, asked.wanted, asked.reserved, at_work.rulebook, at_work.on)
    if isinstance(covered, Refusal):
        return covered
    plan = plan_order_refund(wallet, purchase, asked.lines)
    event = OrderRefunded(
        occasion=place.occasion(
            asked.action,
            at_work,
            EvidenceClass.NOT_NEEDED,
            offline=not place.link.state().online,
            reservations=covered.reservations,
        ),
        member_id=member.member_id,
        purchase_id=asked.purchase_id,
        lines=asked.lines,
        balance_minor=plan.balance_minor,
        tenders=plan.tenders,
        reason=asked.reason.strip()[:REASON_CHARS_MAX],
    )
    return finish(place, at_work, member, as_planned(event, plan))


def as_planned(event: OrderRefunded, plan: OrderRefundPlan) -> OrderRefunded:
    """With what the till expects to go back."""
    return replace(
        event,
        expected_draw=tuple(
            ExpectedDraw(lot_id=back.lot_id, amount_minor=back.amount_minor)
            for back in plan.draws
            if back.lot_id is not None
        ),
        points_back=plan.points,
        coupons_back=tuple(now.holding_id for _was, now in plan.given_back if now.kind is HoldingKind.COUPON),
    )


def _sale(place: Workplace, purchase_id: EventId) -> Sale | Refusal:
    entry = place.journal.find(purchase_id)
    sale = event_of(entry) if entry else None
    return sale if isinstance(sale, OrderPaid | PassUsed) else unknown_or_elsewhere(place, purchase_id)


def _find(place: Workplace, purchase_id: EventId) -> tuple[MemberOnFile, Purchase] | Refusal:
    sale = _sale(place, purchase_id)
    return sale if isinstance(sale, Refusal) else load_purchase(place, sale)


def _passes(place: Workplace, at_work: AtWork, sale: Sale, lines: Lines) -> tuple[ReservedThing, ...]:
    """What is left of the sold passes that go back: reserved first, another till may be using one. Nothing for what is refused anyway."""
    found = load_purchase(place, sale) if _returns_a_pass(sale, lines) else None
    if found is None or isinstance(found, Refusal) or not isinstance(sale, OrderPaid):
        return ()
    member, purchase = found
    if refuse_order_refund(member.view.wallet, purchase, lines, at_work.rulebook, at_work.on) is not None:
        return ()
    wanted = {line.line_no for line in lines}
    sold = {line.item.sells_pass for line in sale.lines if line.item.line_no in wanted} - {""}
    source = sale.occasion.event_id
    held = (each for each in member.view.wallet.holdings if each.source_id == source and each.item_id in sold)
    return tuple(
        ReservedThing(thing_id=each.holding_id, quantity=each.remaining) for each in held if each.remaining > 0
    )


def _returns_a_pass(sale: Sale, lines: Lines) -> bool:
    wanted = {line.line_no for line in lines}
    sold = sale.lines if isinstance(sale, OrderPaid) else ()
    return any(line.item.sells_pass and line.item.line_no in wanted for line in sold)


def _sum_of(draws: tuple[Draw, ...], kind: ValueKind) -> int:
    return sum(draw.amount_minor for draw in draws if draw.kind is kind)


def _coupons(plan: OrderRefundPlan, rulebook: Rulebook) -> tuple[Words, ...]:
    names: list[Words] = []
    for _was, now in plan.given_back:
        if now.kind is HoldingKind.COUPON:
            known = rulebook.coupon_type(now.item_id)
            names.append(known.name if known is not None else Words(zh=now.item_id, en=now.item_id))
    return tuple(names)
