"""Coupons, passes and what a cart allows, as data of the rulebook. Types only; `coupons`, `passes` and `cart` hold the rules, `rulebook_cart` reads them from a document."""

from dataclasses import dataclass
from enum import StrEnum

from stored_value.promotions import BonusBearer
from stored_value.wallet import HoldingKind
from stored_value.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The items and categories that are covered; both empty: everything."""

    items: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def covers(self, item_id: str, category: str) -> bool:
        if not self.items and not self.categories:
            return True
        return item_id in self.items or category in self.categories


EVERYTHING = Scope()


class CouponShape(StrEnum):
    """In the order in which coupons of one order are computed: one unit of an item 兑换券, a percentage 折扣券, an amount 代金券."""

    ITEM = "item"
    PERCENT = "percent"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponType:
    """`minimum_minor` is compared with what the covered lines come to after discounts, before any coupon. `combinable`: may stand beside other coupons.
    `bearer`: COLLECTING_STORE is the store that gave the coupon."""

    coupon_id: str
    name: Words
    shape: CouponShape
    amount_minor: int = 0
    basis_points: int = 0
    at_most_minor: int | None = None
    minimum_minor: int = 0
    scope: Scope = EVERYTHING
    combinable: bool = True
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class PassType:
    """`quantity` uses or minutes; a pass that runs until a day has `valid_days` and quantity 1."""

    pass_id: str
    name: Words
    kind: HoldingKind
    quantity: int = 1
    price_minor: int = 0
    valid_days: int | None = None
    scope: Scope = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class CartPolicy:
    """`points_basis_points`: the share of what is left after coupons that points may pay (rounded down)."""

    tier_on_member_price: bool = False
    points_basis_points: int = 10_000
