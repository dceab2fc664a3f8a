"""Prices an order: the one fixed order in which prices, discounts, coupons and points are computed, every fen of each of them laid on a line. docs/CART.md explains each step.

The till prices before it asks for money, head office prices again what was sold; both call `price`. Moves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from stored_value.cart_policy import CouponShape, CouponType
from stored_value.coupons import coupon_amounts, refuse_coupon
from stored_value.events_order import (
    CouponUsed,
    Discount,
    DiscountSource,
    LineAmount,
    LineDiscount,
    OrderItem,
    PointsUsed,
    SoldLine,
)
from stored_value.identity import LotId
from stored_value.loyalty_policy import Tier
from stored_value.money import floor_share, half_up_share, split
from stored_value.passes import refuse_pass
from stored_value.points import points_worth_minor, usable_points_total
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet

_SHAPES = tuple(CouponShape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What is on the counter: items, discounts on the whole order in the order in which they were given, the member's coupons and points that shall pay."""

    items: tuple[OrderItem, ...]
    order_discounts: tuple[Discount, ...] = ()
    coupons: tuple[LotId, ...] = ()
    points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """`due_minor` is left for tenders and the balance. A coupon, pass or points that are refused pay nothing here; the refusals say why, in the order of the computation."""

    lines: tuple[SoldLine, ...]
    coupons: tuple[CouponUsed, ...]
    points: PointsUsed | None
    due_minor: int
    refusals: tuple[Refusal, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)


@dataclass(slots=True)
class _Working:
    """The figures between two steps, one place a line: what is still open and which discounts took the rest."""

    items: tuple[OrderItem, ...]
    open_minor: list[int]
    discounts: list[list[LineDiscount]]
    refusals: list[Refusal] = field(default_factory=list)

    def take(self, source: DiscountSource, amounts: Sequence[int]) -> None:
        for place, amount in enumerate(amounts):
            if amount:
                self.open_minor[place] -= amount
                self.discounts[place].append(LineDiscount(source=source, amount_minor=amount))


def price(cart: Cart, wallet: Wallet, rulebook: Rulebook, tier: Tier, on: date) -> Priced:
    work = _Working(cart.items, [item.list_minor for item in cart.items], [[] for _ in cart.items])
    _passes(work, wallet, rulebook, on)
    _member_prices(work)
    _line_discounts(work)
    _tier_discounts(work, tier, rulebook.cart.tier_on_member_price)
    _order_discounts(work, cart.order_discounts)
    lines = tuple(
        SoldLine(item=item, total_minor=open_minor, discounts=tuple(discounts))
        for item, open_minor, discounts in zip(work.items, work.open_minor, work.discounts, strict=True)
    )
    coupons = _coupons(work, cart, wallet, rulebook, on)
    points = _points(work, cart.points, wallet, rulebook, on)
    return Priced(
        lines=lines,
        coupons=coupons,
        points=points,
        due_minor=sum(work.open_minor) - (points.value_minor if points else 0),
        refusals=tuple(work.refusals),
    )


def _passes(work: _Working, wallet: Wallet, rulebook: Rulebook, on: date) -> None:
    """A covered line costs nothing more. Two lines on one pass need what they need together."""
    needed: dict[LotId, int] = {}
    for place, item in enumerate(work.items):
        cover = item.covered_by
        if cover is None:
            continue
        held = wallet.holding(cover.holding_id)
        known = rulebook.pass_type(held.item_id) if held is not None else None
        before = needed.get(cover.holding_id, 0)
        refusal = refuse_pass(held, known, before + cover.units, item.item_id, item.category, on)
        if refusal is None and cover.units <= 0:
            refusal = Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
        if refusal is not None:
            work.refusals.append(_on_line(refusal, item))
        needed[cover.holding_id] = before + cover.units
        work.take(DiscountSource.PASS, _at(place, work.open_minor[place], work))


def _member_prices(work: _Working) -> None:
    for place, item in enumerate(work.items):
        if item.covered_by is None and item.member_price_minor is not None:
            saved = max(0, item.unit_price_minor - item.member_price_minor) * item.quantity
            work.take(DiscountSource.MEMBER_PRICE, _at(place, saved, work))


def _line_discounts(work: _Working) -> None:
    for place, item in enumerate(work.items):
        if item.covered_by is None and item.discount is not None:
            amount = _amount_of(item.discount, work.open_minor[place])
            work.take(DiscountSource.LINE, _at(place, amount, work))


def _tier_discounts(work: _Working, tier: Tier, on_member_price: bool) -> None:
    """The lines of one percentage are one sum: its discount rounds half up once and is split over them."""
    by_rate: dict[int, list[int]] = {}
    for place, item in enumerate(work.items):
        reduced = any(taken.source is DiscountSource.MEMBER_PRICE for taken in work.discounts[place])
        rate = tier.discount_for(item.category)
        if rate and item.covered_by is None and not item.sells_pass and (on_member_price or not reduced):
            by_rate.setdefault(rate, []).append(place)
    for rate, places in by_rate.items():
        open_minor = [work.open_minor[place] if place in places else 0 for place in range(len(work.items))]
        work.take(DiscountSource.TIER, split(half_up_share(sum(open_minor), rate, 10_000), open_minor))


def _order_discounts(work: _Working, discounts: Sequence[Discount]) -> None:
    for discount in discounts:
        work.take(DiscountSource.ORDER, split(_amount_of(discount, sum(work.open_minor)), work.open_minor))


def _amount_of(discount: Discount, open_minor: int) -> int:
    """Never more than is open: the amount, then the percentage of what is left after it, rounded half up."""
    amount = min(max(0, discount.amount_minor), open_minor)
    return amount + min(open_minor - amount, half_up_share(open_minor - amount, max(0, discount.basis_points), 10_000))


def _coupons(work: _Working, cart: Cart, wallet: Wallet, rulebook: Rulebook, on: date) -> tuple[CouponUsed, ...]:
    due = tuple(work.open_minor)
    usable: list[tuple[int, LotId, CouponType]] = []
    for holding_id in dict.fromkeys(cart.coupons):
        held = wallet.holding(holding_id)
        known = rulebook.coupon_type(held.item_id) if held is not None else None
        refusal = refuse_coupon(held, known, work.items, due, on)
        if refusal is None and known is not None and not known.combinable and len(cart.coupons) > 1:
            refusal = Refusal(RefusalCode.COUPON_STANDS_ALONE, {"coupon": known.coupon_id, "holding": holding_id})
        if refusal is not None:
            work.refusals.append(refusal)
        elif known is not None:
            usable.append((_SHAPES.index(known.shape), holding_id, known))
    used: list[CouponUsed] = []
    for _, holding_id, known in sorted(usable, key=lambda each: each[0]):
        amounts = coupon_amounts(known, work.items, work.open_minor)
        if not any(amounts):
            data: dict[str, int | str] = {"coupon": known.coupon_id, "holding": holding_id}
            work.refusals.append(Refusal(RefusalCode.COUPON_OUT_OF_SCOPE, data))
            continue
        work.open_minor = [left - amount for left, amount in zip(work.open_minor, amounts, strict=True)]
        paid = tuple(
            LineAmount(line_no=item.line_no, amount_minor=amount)
            for item, amount in zip(work.items, amounts, strict=True)
            if amount
        )
        used.append(CouponUsed(holding_id=holding_id, lines=paid))
    return tuple(used)


def _points(work: _Working, points: int, wallet: Wallet, rulebook: Rulebook, on: date) -> PointsUsed | None:
    if not points:
        return None
    due = sum(work.open_minor)
    at_most = floor_share(due, rulebook.cart.points_basis_points, 10_000)
    held = usable_points_total(wallet, on)
    value = points_worth_minor(points, rulebook.points)
    refusal: Refusal | None = None
    if points < 0 or not value:
        refusal = Refusal(RefusalCode.POINTS_PAY_NOTHING, {"points": points})
    elif points > held:
        refusal = Refusal(RefusalCode.POINTS_TOO_FEW, {"points": held, "short": points - held})
    elif value > at_most:
        refusal = Refusal(RefusalCode.POINTS_BEYOND_SHARE, {"at_most_minor": at_most, "worth_minor": value})
    if refusal is not None:
        work.refusals.append(refusal)
        return None
    return PointsUsed(points=points, value_minor=value)


def tax_inside(paid_minor: int, basis_points: int) -> int:
    """The tax inside a price that includes it, rounded half up on the line."""
    return half_up_share(paid_minor, basis_points, 10_000 + basis_points)


def _at(place: int, amount: int, work: _Working) -> list[int]:
    return [amount if other == place else 0 for other in range(len(work.items))]


def _on_line(refusal: Refusal, item: OrderItem) -> Refusal:
    return Refusal(refusal.code, {**refusal.data, "line_no": item.line_no})
