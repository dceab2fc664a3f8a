"""What the counter is asked and answers about orders, passes and points: frozen values beside those of `views`. Owns shapes only: no rule, no reading, no text but names.

Every amount is an `int` of minor units. Made by the use-cases of this package and by presenters, read by both and by tests.
"""

from dataclasses import dataclass
from datetime import date

from stored_value.cart import Cart
from stored_value.events_order import SoldLine
from stored_value.identity import LotId
from stored_value.occasion import Tender
from stored_value.refusals import Refusal
from stored_value.rulebook import Words
from stored_value.wallet import HoldingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPayment:
    """What the cashier confirmed: the cart, and how it is paid. Tenders and balance together must be what pricing leaves due.
    `static_card`: the member's printed code was scanned."""

    cart: Cart
    tenders: tuple[Tender, ...] = ()
    balance_minor: int = 0
    static_card: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponPaid:
    holding_id: LotId
    name: Words
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuote:
    """An order as it would be paid now. `due_minor` is left for tenders and the balance; the balance takes what `tenders` leave, as far as it can be
    spent now, and `open_minor` is what nobody pays yet (below zero: tendered too much). `points_most` is how many points may pay here at most, and
    `points_most_minor` what they would pay. `refusals` say why a coupon, pass or points pay nothing.
    `with_pin_minor`: what the balance would take if the member typed his payment PIN."""

    lines: tuple[SoldLine, ...]
    coupons: tuple[CouponPaid, ...]
    points: int
    points_minor: int
    points_most: int
    points_most_minor: int
    due_minor: int
    tendered_minor: int
    balance_minor: int
    principal_minor: int
    bonus_minor: int
    tax_minor: int
    refusals: tuple[Refusal, ...]
    offline: bool
    with_pin_minor: int = 0

    @property
    def total_minor(self) -> int:
        """After discounts, before coupons and points."""
        return sum(line.total_minor for line in self.lines)

    @property
    def open_minor(self) -> int:
        return self.due_minor - self.tendered_minor - self.balance_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponView:
    """`leased_here`: this till may take it without head office (H4)."""

    holding_id: LotId
    name: Words
    expires_on: date | None
    usable: bool
    leased_here: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassView:
    """`left` counts uses or minutes, or is 1 while a pass that runs until a day stands. `uses_for`: the items or categories that it covers, none: all.
    `leased_here`: so many of them this till may take without head office (H4)."""

    holding_id: LotId
    name: Words
    kind: HoldingKind
    left: int
    expires_on: date | None
    usable: bool
    uses_for: tuple[str, ...]
    leased_here: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardView:
    """`gifts`: the coupons and passes that come with it, in words. `missing`: the points that the member lacks."""

    reward_id: str
    name: Words
    points: int
    worth_minor: int
    gifts: tuple[Words, ...]
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHoldings:
    """What a member holds by quantity and what he can get for it. `points_worth_minor`: what all his points would pay in an order, 0 where points pay nothing.
    While `offline` only what is leased to this till can be used (H4), of points `points_leased_here`."""

    coupons: tuple[CouponView, ...]
    passes: tuple[PassView, ...]
    points: int
    points_worth_minor: int
    rewards: tuple[RewardView, ...]
    offline: bool
    points_leased_here: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassForSale:
    pass_id: str
    name: Words
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the rulebook knows of goods: the categories that discounts, coupons and passes speak of, and the passes that are sold."""

    categories: tuple[str, ...]
    passes: tuple[PassForSale, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefundQuote:
    """What a refund of an order would give back, and where to. `tenders` leave the till, the others land in the wallet."""

    amount_minor: int
    tenders: tuple[Tender, ...]
    principal_minor: int
    bonus_minor: int
    owed_minor: int
    points: int
    coupons: tuple[Words, ...]
    units: int
