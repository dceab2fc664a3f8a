"""Orders 收银单 paid by several means: what one would come to, and paying it. What it takes of the member is reserved first (`reserving`). Offline an order is paid by
cash and other tenders, and by the balance within leases and risk allowance; coupons, passes and points need head office's word (H4).
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Final

from stored_value.cart import Cart, Priced, price, tax_inside
from stored_value.draw import plan_draw
from stored_value.events import Event, EvidenceClass, ExpectedDraw, Occasion, Tender
from stored_value.events_order import CouponUsed, Discount, OrderItem, OrderPaid
from stored_value.identity import EventId, LotId, MemberId
from stored_value.money import floor_share, split
from stored_value.order import refuse_order
from stored_value.points import points_needed, points_wanted, points_worth_minor, usable_points_total
from stored_value.redemption import spendable_minor
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing
from stored_value.rulebook import Rulebook, Words
from stored_value.tiers import tier_of
from stored_value.wallet import ValueKind, Wallet
from terminal.counter.completion import done_before, finish
from terminal.counter.order_views import CouponPaid, OrderPayment, OrderQuote, PassForSale, Shelf
from terminal.counter.payment_pin import ProvenMember, evidence_of, ref_of, refuse_stale
from terminal.counter.redemption import LINES_MAX, NAME_CHARS_MAX
from terminal.counter.reserving import Wanted, cover, leased_things, means_offline, reserving, things_leased
from terminal.counter.views import Completed
from terminal.counter.workplace import Standing, Workplace
from terminal.members import MemberOnFile

_ALL: Final = 10_000


def shelf(place: Workplace) -> Shelf:
    rulebook = place.replica.rulebook_in_force(place.now())
    if rulebook is None:
        return Shelf(categories=(), passes=())
    known = [rate.category for tier in rulebook.tiers for rate in tier.category_discounts]
    scopes = [*(each.scope for each in rulebook.coupons), *(each.scope for each in rulebook.passes)]
    known += [category for scope in scopes for category in scope.categories]
    return Shelf(
        categories=tuple(dict.fromkeys(category for category in known if category)),
        passes=tuple(
            PassForSale(pass_id=each.pass_id, name=each.name, price_minor=each.price_minor)
            for each in rulebook.passes
            if each.price_minor
        ),
    )


def price_order(
    place: Workplace,
    member_id: MemberId,
    cart: Cart,
    tenders: tuple[Tender, ...] = (),
    *,
    proven: ProvenMember | None = None,
) -> OrderQuote | Refusal:
    """The balance pays what the tenders leave, as far as it can be spent now. Moves nothing."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    refusal = _refuse_cart(cart)
    if refusal is not None:
        return refusal
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    return _quote(place, standing, member, cart, tenders, static_card=proven is None)


def _quote(
    place: Workplace,
    standing: Standing,
    member: MemberOnFile,
    cart: Cart,
    tenders: tuple[Tender, ...],
    *,
    static_card: bool,
) -> OrderQuote:
    wallet, rulebook = member.view.wallet, standing.rulebook
    offline = not place.link.state().online
    priced = _price(cart, wallet, standing)
    tendered = sum(tender.amount_minor for tender in tenders)
    means = means_offline(place, member, rulebook, standing.on).total_minor if offline else None

    def from_balance(static_card: bool) -> int:
        spendable = spendable_minor(wallet, rulebook, standing.on, static_card=static_card)
        return min(max(0, priced.due_minor - tendered), spendable if means is None else min(spendable, means))

    balance = from_balance(static_card)
    store_id = place.journal.head_office.identity.store_id
    draws = plan_draw(wallet, balance, rulebook.draw_order, standing.on, store_id)
    most = _points_most(cart, wallet, standing)
    refusals = priced.refusals
    wanted = Wanted(member_id=member.member_id, amount_minor=0, things=_things(place, member, cart, standing.on))
    if offline and not things_leased(place, member, wanted):
        refusals = (*refusals, Refusal(RefusalCode.ONLINE_ONLY, {"remedy": "pay_without_holdings"}))
    return OrderQuote(
        lines=priced.lines,
        coupons=tuple(_coupon_paid(used, wallet, rulebook) for used in priced.coupons),
        points=priced.points.points if priced.points else 0,
        points_minor=priced.points.value_minor if priced.points else 0,
        points_most=most,
        points_most_minor=points_worth_minor(most, rulebook.points),
        due_minor=priced.due_minor,
        tendered_minor=tendered,
        balance_minor=balance,
        principal_minor=sum(draw.amount_minor for draw in draws if draw.kind is ValueKind.PRINCIPAL),
        bonus_minor=sum(draw.amount_minor for draw in draws if draw.kind is ValueKind.BONUS),
        tax_minor=_tax_minor(priced),
        refusals=refusals,
        offline=offline,
        with_pin_minor=from_balance(static_card=False),
    )


def pay_order(
    place: Workplace,
    action: EventId,
    member_id: MemberId,
    payment: OrderPayment,
    *,
    proven: ProvenMember | None = None,
) -> Completed | Refusal:
    """Refused with TENDERS_DISAGREE when the price is no longer the one that was confirmed."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    refusal = _refuse_cart(payment.cart)
    if refusal is not None:
        return refusal

    def is_same(event: Event) -> bool:
        return isinstance(event, OrderPaid) and event.member_id == member_id and _asked(event) == _wanted(payment)

    known = place.members.find(member_id)
    if known is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    things = _things(place, known, payment.cart, at_work.on)
    wanted = Wanted(member_id=member_id, amount_minor=payment.balance_minor, things=things)
    with reserving(place, action, wanted) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        if reserved.offline and payment.balance_minor and not payment.static_card and proven is None:
            return Refusal(RefusalCode.CARD_NEEDED)
        member = place.members.find(member_id, with_purchases=(action,))
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        priced = _price(payment.cart, member.view.wallet, at_work)
        refusal = refuse_stale(place, proven, action, member) or refuse_order(
            member.view.wallet,
            priced,
            payment.tenders,
            payment.balance_minor,
            at_work.rulebook,
            at_work.on,
            offline=reserved.offline and not things_leased(place, member, wanted),
            static_card=proven is None,
        )
        covered = refusal or cover(place, member, wanted, reserved, at_work.rulebook, at_work.on)
        if isinstance(covered, Refusal):
            return covered
        needed = bool(payment.balance_minor or things)
        occasion = place.occasion(
            action,
            at_work,
            evidence_of(proven) if needed else EvidenceClass.NOT_NEEDED,
            offline=reserved.offline,
            reservations=covered.reservations,
            evidence_ref=ref_of(proven, payment.balance_minor) if needed else "",
        )
        event = _paid(occasion, member, payment, priced, at_work.rulebook)
        return finish(place, at_work, member, event, risk_minor=covered.risk_minor)


def _paid(
    occasion: Occasion, member: MemberOnFile, payment: OrderPayment, priced: Priced, rulebook: Rulebook
) -> OrderPaid:
    wallet, on = member.view.wallet, occasion.business_date
    draws = plan_draw(wallet, payment.balance_minor, rulebook.draw_order, on, occasion.store_id)
    return OrderPaid(
        occasion=occasion,
        member_id=member.member_id,
        lines=priced.lines,
        balance_minor=payment.balance_minor,
        tenders=payment.tenders,
        order_discounts=payment.cart.order_discounts,
        coupons=priced.coupons,
        points=priced.points,
        tier_id=tier_of(wallet, rulebook, on).tier_id,
        expected_draw=tuple(
            ExpectedDraw(lot_id=draw.lot_id, amount_minor=draw.amount_minor)
            for draw in draws
            if draw.lot_id is not None
        ),
    )


def _things(place: Workplace, member: MemberOnFile, cart: Cart, on: date) -> tuple[ReservedThing, ...]:
    """What the cart uses up and another till could use as well."""
    units: Counter[LotId] = Counter(cart.coupons)
    for item in cart.items:
        if item.covered_by is not None:
            units[item.covered_by.holding_id] += item.covered_by.units
    leased = leased_things(place, member)
    points = points_wanted(member.view.wallet, cart.points, on, leased) if cart.points else ()
    return (*(ReservedThing(thing_id=each, quantity=count) for each, count in units.items()), *points)


def _price(cart: Cart, wallet: Wallet, standing: Standing) -> Priced:
    rulebook, on = standing.rulebook, standing.on
    return price(cart, wallet, rulebook, tier_of(wallet, rulebook, on), on)


def _refuse_cart(cart: Cart) -> Refusal | None:
    """What no counter sells: a line twice or without a name, a price or a discount below zero, a discount beyond all of it."""
    items = cart.items
    numbers = {item.line_no for item in items}
    disagree = Refusal(RefusalCode.LINES_DISAGREE, {"lines": len(items)})
    if not items or len(items) > LINES_MAX or len(numbers) != len(items) or cart.points < 0:
        return disagree
    given = [*cart.order_discounts, *(item.discount for item in items if item.discount is not None)]
    return disagree if any(map(_is_odd, items)) or any(map(_is_odd_discount, given)) else None


def _is_odd(item: OrderItem) -> bool:
    figures = (item.unit_price_minor, item.member_price_minor or 0, item.quantity - 1, item.tax_basis_points)
    return min(figures) < 0 or not 0 < len(item.name.strip()) <= NAME_CHARS_MAX


def _is_odd_discount(discount: Discount) -> bool:
    return discount.amount_minor < 0 or not 0 <= discount.basis_points <= _ALL


def _coupon_paid(used: CouponUsed, wallet: Wallet, rulebook: Rulebook) -> CouponPaid:
    held = wallet.holding(used.holding_id)
    known = rulebook.coupon_type(held.item_id) if held is not None else None
    name = known.name if known is not None else Words(zh=used.holding_id, en=used.holding_id)
    return CouponPaid(holding_id=used.holding_id, name=name, amount_minor=used.amount_minor)


def _points_most(cart: Cart, wallet: Wallet, standing: Standing) -> int:
    """The fewest points that pay as much as points may pay of this cart."""
    policy, on = standing.rulebook.points, standing.on
    due = _price(replace(cart, points=0), wallet, standing).due_minor
    at_most = floor_share(due, standing.rulebook.cart.points_basis_points, _ALL)
    needed = points_needed(at_most, policy)
    if needed is None:
        return 0
    if points_worth_minor(needed, policy) > at_most:
        needed -= 1
    worth = points_worth_minor(min(needed, usable_points_total(wallet, on)), policy)
    return points_needed(worth, policy) or 0


def _tax_minor(priced: Priced) -> int:
    """Inside what the member pays of each line, as `apply_order` will lay it; what the use of a sold pass earns is known only then."""
    left = {line.item.line_no: line.total_minor for line in priced.lines}
    for used in priced.coupons:
        for paid in used.lines:
            left[paid.line_no] -= paid.amount_minor
    by_points = split(priced.points.value_minor if priced.points else 0, list(left.values()))
    return sum(
        tax_inside(left[line.item.line_no] - points, line.item.tax_basis_points)
        for line, points in zip(priced.lines, by_points, strict=True)
        if not line.item.sells_pass
    )


_Asked = tuple[tuple[OrderItem, ...], tuple[Discount, ...], frozenset[str], int, tuple[Tender, ...], int]


def _asked(event: OrderPaid) -> _Asked:
    return (
        tuple(line.item for line in event.lines),
        event.order_discounts,
        frozenset(used.holding_id for used in event.coupons),
        event.points.points if event.points else 0,
        event.tenders,
        event.balance_minor,
    )


def _wanted(payment: OrderPayment) -> _Asked:
    cart = payment.cart
    return (
        cart.items,
        cart.order_discounts,
        frozenset(cart.coupons),
        cart.points,
        payment.tenders,
        payment.balance_minor,
    )
