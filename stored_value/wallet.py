"""A member's wallet as immutable values: lots with their source, receivables, and the purchases that can still be refunded. Holds no rule of spending."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stored_value.bearing import Bearing
from stored_value.cash_out_records import CashOut, CashOutState
from stored_value.identity import EventId, LotId, MemberId, PromotionId, StoreId, TierId
from stored_value.loyalty import NO_LOYALTY, Loyalty
from stored_value.occasion import Tender
from stored_value.reservation_records import Reservation


class ValueKind(StrEnum):
    """What a part of a draw is made of. A receivable is value that the member owes: drawn when nothing else was left, put back first (H10).
    Suspense is what nobody showed to be the member's doing: the serving store's until a person decides (H8).
    A deposit 押金 is the member's money held against something lent: it lies in lots and no payment draws it."""

    PRINCIPAL = "principal"
    BONUS = "bonus"
    RECEIVABLE = "receivable"
    SUSPENSE = "suspense"
    DEPOSIT = "deposit"


class HoldingKind(StrEnum):
    """What a member holds by quantity and not as money: points, uses or minutes of a pass, a pass valid until a day, a coupon."""

    POINTS = "points"
    PASS_USES = "pass_uses"
    PASS_MINUTES = "pass_minutes"
    PASS_UNTIL = "pass_until"
    COUPON = "coupon"


class WalletStatus(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    LOST = "lost"
    CLOSED = "closed"


class Identity(StrEnum):
    """How well the holder is known: a bearer's card, a named member, a member whose papers were seen."""

    BEARER = "bearer"
    NAMED = "named"
    VERIFIED = "verified"


class LotEnd(StrEnum):
    """Why nothing may be put back into a lot as it was (H10). An expired lot is not ended: a late entry revives it (H5)."""

    CASHED_OUT = "cashed_out"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Value from one source. `store_id` is the store that took the money; a provisional lot (an offline bonus that HQ has not confirmed) is not drawn (H3).
    `expired_minor` was taken by expiry and can come back; `discount_minor` is what the purchases drawn from it would have cost more without discount;
    `tenders` are how a principal was paid; `bearing` is who bears a bonus, as its promotion said when it was given."""

    lot_id: LotId
    kind: ValueKind
    store_id: StoreId
    top_up_id: EventId
    acquired_on: date
    rulebook: int
    original_minor: int
    remaining_minor: int
    promotion_id: PromotionId | None = None
    expires_on: date | None = None
    provisional: bool = False
    expired_minor: int = 0
    discount_minor: int = 0
    end: LotEnd | None = None
    tenders: tuple[Tender, ...] = ()
    bearing: Bearing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A quantity from one source. `item_id` is the pass or coupon type, "" for points; `original` and `remaining` count points, uses or minutes,
    1 for a coupon or an until-pass. `source_id` is the event that gave it, `store_id` where; `expires_on` the last usable day."""

    holding_id: LotId
    kind: HoldingKind
    item_id: str
    store_id: StoreId
    source_id: EventId
    acquired_on: date
    rulebook: int
    original: int
    remaining: int
    promotion_id: PromotionId | None = None
    starts_on: date | None = None
    expires_on: date | None = None
    sold_for_minor: int = 0
    released_minor: int = 0

    @property
    def unreleased_minor(self) -> int:
        """What was paid for a sold pass and not yet served: the books hold it as `PASS_LIABILITY` of `store_id`."""
        return self.sold_for_minor - self.released_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """What the event `source_id` (a purchase, or a reversed top-up) took beyond the wallet; owed to `store_id`, paid first by every inflow."""

    source_id: EventId
    store_id: StoreId
    remaining_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePart:
    """What one line drew from one source, and how much of it went back. `store_id` is the lot's origin; without a lot (receivable, suspense) the serving store."""

    kind: ValueKind
    lot_id: LotId | None
    store_id: StoreId
    drawn_minor: int
    returned_minor: int = 0


class ShareKind(StrEnum):
    """What may pay a part of a line beside the balance."""

    TENDER = "tender"
    COUPON = "coupon"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShare:
    """What a tender, a coupon or points paid of one line, and how much of it went back. `source`: the tender's kind, the coupon's holding, "" for points.
    `borne_by` is the store whose books carry a coupon or points."""

    kind: ShareKind
    source: str
    paid_minor: int
    returned_minor: int = 0
    reference: str = ""
    borne_by: StoreId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an order took of one holding (points, uses, minutes, a coupon), how much of it went back, and the value of a sold pass that it released.
    `line_no` is the line that a pass covered or that gave a sold pass; none for points and coupons, which lie over several."""

    holding_id: LotId
    kind: HoldingKind
    item_id: str
    store_id: StoreId
    quantity: int
    returned: int = 0
    line_no: int | None = None
    released_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """`total_minor` is what the parts and shares paid together; `tax_minor` lies inside it. `sells_pass` names the holding that the line gave, `sells_type` its
    pass type; `discount_minor` is what the line would have cost more without discount."""

    line_no: int
    name: str
    total_minor: int
    parts: tuple[LinePart, ...]
    shares: tuple[LineShare, ...] = ()
    quantity: int = 1
    tax_minor: int = 0
    tax_category: str = ""
    sells_pass: LotId | None = None
    sells_type: str = ""
    discount_minor: int = 0

    @property
    def refunded_minor(self) -> int:
        return sum(part.returned_minor for part in self.parts) + sum(share.returned_minor for share in self.shares)

    @property
    def refundable_minor(self) -> int:
        return self.total_minor - self.refunded_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A redemption or an order as `apply` settled it: what each line drew, so that a refund puts back exactly that. An order (`is_order`) was paid by more than
    the balance, or took passes, coupons or points, and is refunded by `order_refund`."""

    purchase_id: EventId
    store_id: StoreId
    business_date: date
    lines: tuple[PurchaseLine, ...]
    taken: tuple[Taken, ...] = ()
    is_order: bool = False

    @property
    def refundable_minor(self) -> int:
        return sum(line.refundable_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """`purchases` holds those that the caller loaded: at least any that the event names and any with an open receivable.
    A freeze by head office (`frozen_by_head_office`) ends by its word alone; `loss_reported` keeps a loss of the card behind it.
    `pin_issue` counts what became of the payment PIN, set or cleared; 0: never set."""

    member_id: MemberId
    tier_id: TierId
    status: WalletStatus = WalletStatus.ACTIVE
    version: int = 0
    lots: tuple[Lot, ...] = ()
    receivables: tuple[Receivable, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    topped_up_minor: int = 0
    top_up_count: int = 0
    static_card_day: date | None = None
    static_card_minor: int = 0
    static_card_day_before: date | None = None
    static_card_minor_before: int = 0
    holdings: tuple[Holding, ...] = ()
    spent_minor: int = 0
    loyalty: Loyalty = NO_LOYALTY
    cash_outs: tuple[CashOut, ...] = ()
    identity: Identity = Identity.NAMED
    card_issue: int = 1
    expires_on: date | None = None
    merged_into: MemberId | None = None
    transfer_legs: tuple[str, ...] = ()
    birthday_month: int | None = None
    reservations: tuple[Reservation, ...] = ()
    pin_issue: int = 0
    pin_is_set: bool = False
    frozen_by_head_office: bool = False
    loss_reported: bool = False

    def balance_minor(self, kind: ValueKind) -> int:
        """What the lots of a kind hold, provisional ones included."""
        return sum(lot.remaining_minor for lot in self.lots if lot.kind is kind)

    @property
    def owed_minor(self) -> int:
        return sum(owed.remaining_minor for owed in self.receivables)

    @property
    def total_minor(self) -> int:
        """Principal and bonus, less what the member owes; deposits are kept apart."""
        return sum(lot.remaining_minor for lot in self.lots if lot.kind is not ValueKind.DEPOSIT) - self.owed_minor

    @property
    def reserved_minor(self) -> int:
        """What waits in cash-outs that were asked for and neither paid nor rejected; no longer in the lots."""
        return sum(asked.reserved_minor for asked in self.cash_outs if asked.state is CashOutState.WAITING)

    def quantity(self, kind: HoldingKind) -> int:
        """What the holdings of a kind come to."""
        return sum(held.remaining for held in self.holdings if held.kind is kind)

    def holding(self, holding_id: LotId) -> Holding | None:
        return next((held for held in self.holdings if held.holding_id == holding_id), None)

    def purchase(self, purchase_id: EventId) -> Purchase | None:
        return next((bought for bought in self.purchases if bought.purchase_id == purchase_id), None)

    def lot(self, lot_id: LotId) -> Lot | None:
        return next((held for held in self.lots if held.lot_id == lot_id), None)
