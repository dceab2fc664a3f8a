"""What happened, as immutable facts of schema version 1: the bodies of journal entries, read by `apply` at the till and at head office. Shapes only ever grow.

Amounts are minor units. `member_id` names the one wallet an event touches. Lines, amounts, tenders and evidence are facts; `expected_draw` and
`promised` are what the till showed and are compared, not obeyed (a promise that its rulebook allows is honoured).
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from stored_value.events_loyalty import InstalmentReleased, PointsRedeemed, TierReviewed
from stored_value.events_money_out import (
    MONEY_OUT_TYPES,
    LotExpired,
    MoneyOutEvent,
    PinCleared,
    SuspenseDecided,
    TransferredIn,
    TransferredOut,
)
from stored_value.events_order import OrderPaid, OrderRefunded, PassUsed
from stored_value.events_reservation import RESERVATION_TYPES, ReservationEvent, ReservationWrittenOff
from stored_value.identity import EventId, MemberId, PromotionId, StoreId
from stored_value.occasion import EvidenceClass, ExpectedDraw, Occasion, Tender, TenderKind
from stored_value.sealed import SealedPersonal

__all__ = [
    "EVENT_TYPES",
    "HEAD_OFFICE_KINDS",
    "Event",
    "EvidenceClass",
    "ExpectedDraw",
    "InstalmentReleased",
    "MemberEnrolled",
    "Occasion",
    "OrderLine",
    "OrderPaid",
    "OrderRefunded",
    "PassUsed",
    "PointsRedeemed",
    "Promise",
    "PurchaseRefunded",
    "Redeemed",
    "RefundLine",
    "SealedPersonal",
    "ShiftClosed",
    "ShiftEvent",
    "ShiftOpened",
    "ShiftTotals",
    "Tender",
    "TenderKind",
    "TierReviewed",
    "TopUpReversed",
    "ToppedUp",
    "WalletEvent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A bonus that the till showed before the money was taken: what comes at once, what comes in instalments, and points."""

    promotion_id: PromotionId
    bonus_minor: int
    later_minor: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of a purchase; `total_minor` includes tax and every discount, `discount_minor` is what it would have cost more without."""

    line_no: int
    name: str
    total_minor: int
    discount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    line_no: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEnrolled:
    """`personal` seals name and phone. `birthday_month` (1-12) is all of a birthday that an entry may hold (H14): promotions of the month ask for no more."""

    kind: ClassVar[Literal["member_enrolled"]] = "member_enrolled"
    occasion: Occasion
    member_id: MemberId
    member_no: str
    home_store_id: StoreId
    personal: SealedPersonal
    birthday_month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToppedUp:
    """`reserved_minor` is how much of its principal the till kept for itself, to be spent there before head office has heard of it (H3): a fact, never more than the
    principal. None: a till that does not say; an offline one then keeps what the member's debts leave."""

    kind: ClassVar[Literal["topped_up"]] = "topped_up"
    occasion: Occasion
    member_id: MemberId
    amount_minor: int
    tenders: tuple[Tender, ...]
    plan_id: PromotionId | None = None
    promised: tuple[Promise, ...] = ()
    reserved_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    kind: ClassVar[Literal["redeemed"]] = "redeemed"
    occasion: Occasion
    member_id: MemberId
    amount_minor: int
    lines: tuple[OrderLine, ...]
    expected_draw: tuple[ExpectedDraw, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRefunded:
    """Names purchase and lines, never lots (H10). `suspense_minor`: what of it lay in suspense as far as the till knew, and so does not come to the member."""

    kind: ClassVar[Literal["purchase_refunded"]] = "purchase_refunded"
    occasion: Occasion
    member_id: MemberId
    purchase_id: EventId
    amount_minor: int
    lines: tuple[RefundLine, ...]
    reason: str = ""
    expected_draw: tuple[ExpectedDraw, ...] = ()
    suspense_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpReversed:
    """Takes back a top-up that nothing was drawn from; the tenders go back to the member."""

    kind: ClassVar[Literal["top_up_reversed"]] = "top_up_reversed"
    occasion: Occasion
    member_id: MemberId
    top_up_id: EventId
    amount_minor: int
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOpened:
    kind: ClassVar[Literal["shift_opened"]] = "shift_opened"
    occasion: Occasion
    float_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftTotals:
    """What the till's own entries of the shift add up to; `tenders_minor` by tender kind, net of reversals. `topped_up_minor` is gross, `reversed_minor` what
    of it was taken back; cash-outs and deposits are net of it. Orders are counted apart from redemptions: what they came to, and what of it balances paid and
    got back."""

    topped_up_minor: int = 0
    bonus_minor: int = 0
    redeemed_minor: int = 0
    refunded_minor: int = 0
    tenders_minor: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    reversed_minor: int = 0
    ordered_minor: int = 0
    ordered_balance_minor: int = 0
    order_refunded_minor: int = 0
    order_refunded_balance_minor: int = 0
    cashed_out_minor: int = 0
    deposits_taken_minor: int = 0
    deposits_returned_minor: int = 0
    deposits_kept_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftClosed:
    """A blind count: `counted_minor` was typed before `expected_minor` was shown."""

    kind: ClassVar[Literal["shift_closed"]] = "shift_closed"
    occasion: Occasion
    float_minor: int
    counted_minor: int
    expected_minor: int
    totals: ShiftTotals


WalletEvent = (
    MemberEnrolled
    | ToppedUp
    | Redeemed
    | PurchaseRefunded
    | OrderPaid
    | OrderRefunded
    | PassUsed
    | TopUpReversed
    | InstalmentReleased
    | PointsRedeemed
    | TierReviewed
    | MoneyOutEvent
    | ReservationEvent
)
ShiftEvent = ShiftOpened | ShiftClosed
Event = WalletEvent | ShiftEvent
EVENT_TYPES: tuple[type[Event], ...] = (
    MemberEnrolled,
    ToppedUp,
    Redeemed,
    PurchaseRefunded,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    TopUpReversed,
    InstalmentReleased,
    PointsRedeemed,
    TierReviewed,
    *MONEY_OUT_TYPES,
    *RESERVATION_TYPES,
    ShiftOpened,
    ShiftClosed,
)
_HEAD_OFFICES: tuple[type[WalletEvent], ...] = (
    InstalmentReleased,
    TierReviewed,
    TransferredOut,
    TransferredIn,
    LotExpired,
    ReservationWrittenOff,
    SuspenseDecided,
    PinCleared,
)
HEAD_OFFICE_KINDS: Final = frozenset(event.kind for event in _HEAD_OFFICES)
"""What only head office's own journal may say: no till writes it, and none is believed that does (H8)."""
