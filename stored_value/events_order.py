"""What happened at an order paid by several means: the bodies of `order_paid`, `order_refunded` and `pass_used`, schema version 1. Registered in `events`; computed by `cart`.

Prices include tax. Lines, what each discount and coupon took of them, points and tenders are facts: the goods left at that price. Head office recomputes them
and reports a difference.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from stored_value.identity import EventId, LotId, MemberId, TierId
from stored_value.occasion import ExpectedDraw, Occasion, Tender

NO_TIER = TierId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Either an amount or basis points off (1000 = 10 % = 9折), given by a person or a campaign for `reason`."""

    amount_minor: int = 0
    basis_points: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassCover:
    """The pass that pays for a whole line, and the uses or minutes that this takes of it."""

    holding_id: LotId
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    """What is ordered, before any discount. `sells_pass`: the line sells passes of this type; a line is covered by a pass wholly or not at all."""

    line_no: int
    name: str
    unit_price_minor: int
    item_id: str = ""
    category: str = ""
    quantity: int = 1
    member_price_minor: int | None = None
    discount: Discount | None = None
    covered_by: PassCover | None = None
    sells_pass: str = ""
    tax_basis_points: int = 0
    tax_category: str = ""

    @property
    def list_minor(self) -> int:
        return self.unit_price_minor * self.quantity


class DiscountSource(StrEnum):
    """In the order in which they are computed (docs/CART.md)."""

    PASS = "pass"
    MEMBER_PRICE = "member_price"
    LINE = "line"
    TIER = "tier"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDiscount:
    source: DiscountSource
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine:
    """`total_minor` is the list price less `discounts`: what coupons, points, tenders and the balance then pay together."""

    item: OrderItem
    total_minor: int
    discounts: tuple[LineDiscount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmount:
    line_no: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUsed:
    """What one coupon paid of each line that it covered."""

    holding_id: LotId
    lines: tuple[LineAmount, ...]

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsUsed:
    points: int
    value_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid:
    """Line totals = coupons + points + tenders + `balance_minor`. `tier_id` is the tier whose discounts the till gave."""

    kind: ClassVar[Literal["order_paid"]] = "order_paid"
    occasion: Occasion
    member_id: MemberId
    lines: tuple[SoldLine, ...]
    balance_minor: int = 0
    tenders: tuple[Tender, ...] = ()
    order_discounts: tuple[Discount, ...] = ()
    coupons: tuple[CouponUsed, ...] = ()
    points: PointsUsed | None = None
    tier_id: TierId = NO_TIER
    expected_draw: tuple[ExpectedDraw, ...] = ()

    @property
    def amount_minor(self) -> int:
        """What the order came to after discounts."""
        return sum(line.total_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefundLine:
    """`amount_minor` of the line's total goes back; for a line that a pass covered, `units` of the pass. A sold pass that cost nothing comes back as 1 unit."""

    line_no: int
    amount_minor: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded:
    """Names purchase and lines, never lots (H10). `tenders` is what was handed back, `balance_minor` what the till put back to the balance. `points_back` and
    `coupons_back` are what the till's paper said, as `expected_draw` is; the rules decide."""

    kind: ClassVar[Literal["order_refunded"]] = "order_refunded"
    occasion: Occasion
    member_id: MemberId
    purchase_id: EventId
    lines: tuple[OrderRefundLine, ...]
    balance_minor: int = 0
    tenders: tuple[Tender, ...] = ()
    reason: str = ""
    expected_draw: tuple[ExpectedDraw, ...] = ()
    points_back: int = 0
    coupons_back: tuple[LotId, ...] = ()

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassUsed:
    """Uses or minutes of a pass at the counter 核销, without an order; goes back by an `order_refunded` that names it and its line 1."""

    kind: ClassVar[Literal["pass_used"]] = "pass_used"
    occasion: Occasion
    member_id: MemberId
    holding_id: LotId
    units: int
    name: str = ""
    item_id: str = ""
    category: str = ""
    tax_basis_points: int = 0
    tax_category: str = ""

    @property
    def amount_minor(self) -> int:
        """A pass moves no money."""
        return 0
