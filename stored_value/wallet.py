"""A member's wallet as immutable values: lots with their source, receivables, and the purchases that can still be refunded. Holds no rule of spending."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stored_value.identity import EventId, LotId, MemberId, PromotionId, StoreId, TierId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Value from one source. `store_id` is the store that took the money; a provisional lot (an offline bonus that HQ has not confirmed) is not drawn (H3)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    line_no: int
    name: str
    total_minor: int
    parts: tuple[LinePart, ...]

    @property
    def refunded_minor(self) -> int:
        return sum(part.returned_minor for part in self.parts)

    @property
    def refundable_minor(self) -> int:
        return self.total_minor - self.refunded_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A redemption as `apply` settled it: what each line drew, so that a refund puts back exactly that."""

    purchase_id: EventId
    store_id: StoreId
    business_date: date
    lines: tuple[PurchaseLine, ...]

    @property
    def refundable_minor(self) -> int:
        return sum(line.refundable_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """`purchases` holds those that the caller loaded: at least any that the event names and any with an open receivable."""

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
    holdings: tuple[Holding, ...] = ()

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

    def quantity(self, kind: HoldingKind) -> int:
        """What the holdings of a kind come to."""
        return sum(held.remaining for held in self.holdings if held.kind is kind)

    def holding(self, holding_id: LotId) -> Holding | None:
        return next((held for held in self.holdings if held.holding_id == holding_id), None)

    def purchase(self, purchase_id: EventId) -> Purchase | None:
        return next((bought for bought in self.purchases if bought.purchase_id == purchase_id), None)

    def lot(self, lot_id: LotId) -> Lot | None:
        return next((held for held in self.lots if held.lot_id == lot_id), None)
