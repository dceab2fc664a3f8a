"""Coupons 优惠券: what stops one, and how much of each line it pays. Called by `cart` at the till and at head office; each is used once."""

from collections.abc import Sequence
from datetime import date
from typing import assert_never

from stored_value.cart_policy import CouponShape, CouponType
from stored_value.events_order import OrderItem
from stored_value.money import floor_share, half_up_share, split
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Holding, HoldingKind


def refuse_coupon(
    held: Holding | None, known: CouponType | None, items: Sequence[OrderItem], due: Sequence[int], on: date
) -> Refusal | None:
    """None when the coupon may be used on these items, of which `due` (one an item) is what they come to after discounts, before any coupon."""
    if held is None or held.kind is not HoldingKind.COUPON:
        return Refusal(RefusalCode.COUPON_UNKNOWN)
    data: dict[str, int | str] = {"coupon": held.item_id, "holding": held.holding_id}
    if known is None:
        return Refusal(RefusalCode.COUPON_UNKNOWN, data)
    if held.remaining <= 0:
        return Refusal(RefusalCode.COUPON_USED, data)
    if held.starts_on is not None and held.starts_on > on:
        return Refusal(RefusalCode.COUPON_NOT_YET, {**data, "from": held.starts_on.isoformat()})
    if held.expires_on is not None and held.expires_on < on:
        return Refusal(RefusalCode.COUPON_EXPIRED, {**data, "until": held.expires_on.isoformat()})
    scope = covered(known, items)
    total = sum(due[place] for place in scope)
    if not total:
        return Refusal(RefusalCode.COUPON_OUT_OF_SCOPE, data)
    if total < known.minimum_minor:
        return Refusal(
            RefusalCode.COUPON_BELOW_MINIMUM,
            {**data, "minimum_minor": known.minimum_minor, "short_minor": known.minimum_minor - total},
        )
    return None


def covered(known: CouponType, items: Sequence[OrderItem]) -> list[int]:
    """The places of the items that the coupon covers; never a line that a pass pays."""
    return [
        place
        for place, item in enumerate(items)
        if item.covered_by is None and known.scope.covers(item.item_id, item.category)
    ]


def coupon_amounts(known: CouponType, items: Sequence[OrderItem], due: Sequence[int]) -> tuple[int, ...]:
    """What the coupon pays of each item, of which `due` is still open after the coupons before it. A percentage rounds half up on its scope, then it is split."""
    scope = covered(known, items)
    paid = [0] * len(items)
    open_minor = [due[place] for place in scope]
    match known.shape:
        case CouponShape.AMOUNT:
            amount = known.amount_minor
        case CouponShape.PERCENT:
            amount = half_up_share(sum(open_minor), known.basis_points, 10_000)
        case CouponShape.ITEM:
            units = [floor_share(due[place], 1, items[place].quantity) for place in scope]
            best = max(range(len(scope)), key=lambda place: (units[place], -place), default=None)
            if best is None:
                return tuple(paid)
            amount, open_minor = units[best], [left if at == best else 0 for at, left in enumerate(open_minor)]
        case _:
            assert_never(known.shape)
    if known.at_most_minor is not None:
        amount = min(amount, known.at_most_minor)
    amount = min(amount, sum(open_minor))
    for place, share in zip(scope, split(amount, open_minor), strict=True):
        paid[place] = share
    return tuple(paid)
