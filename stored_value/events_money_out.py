"""Events of money that leaves and of a wallet's life: cash-outs, deposits, transfers and merges, expiry, standing, and what takes an entry back.

Read by `apply` through `money_out`. Amounts that a person saw are facts of the event; what `apply` finds different is a finding.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from stored_value.bearing import Bearing
from stored_value.identity import EventId, LotId, MemberId, PromotionId, StoreId
from stored_value.occasion import Occasion, Tender
from stored_value.policies import CashOutMethod
from stored_value.sealed import SealedPersonal
from stored_value.wallet import Holding, Identity, ValueKind, WalletStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutRequested:
    """The member asked, and saw `refundable_minor`. `reserved_minor` of principal and bonus leave the lots at once and wait. Empty `top_up_ids` is every one.
    The request's own event id is the id of the cash-out."""

    kind: ClassVar[Literal["cash_out_requested"]] = "cash_out_requested"
    occasion: Occasion
    member_id: MemberId
    method: CashOutMethod
    refundable_minor: int
    reserved_minor: int
    top_up_ids: tuple[EventId, ...] = ()
    merchant_caused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutPaid:
    """`amount_minor` went to the member by `tenders`; what was reserved is gone."""

    kind: ClassVar[Literal["cash_out_paid"]] = "cash_out_paid"
    occasion: Occasion
    member_id: MemberId
    request_id: EventId
    amount_minor: int
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutRejected:
    """`restored_minor` goes back into the lots that it was reserved from."""

    kind: ClassVar[Literal["cash_out_rejected"]] = "cash_out_rejected"
    occasion: Occasion
    member_id: MemberId
    request_id: EventId
    restored_minor: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutReversed:
    """A payment of this shift taken back: the member returned `amount_minor`, and the request waits again."""

    kind: ClassVar[Literal["cash_out_reversed"]] = "cash_out_reversed"
    occasion: Occasion
    member_id: MemberId
    request_id: EventId
    amount_minor: int
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositTaken:
    """押金: `item` is what it stands for. The deposit's lot has the id of this event."""

    kind: ClassVar[Literal["deposit_taken"]] = "deposit_taken"
    occasion: Occasion
    member_id: MemberId
    amount_minor: int
    tenders: tuple[Tender, ...]
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositReturned:
    kind: ClassVar[Literal["deposit_returned"]] = "deposit_returned"
    occasion: Occasion
    member_id: MemberId
    deposit_id: EventId
    amount_minor: int
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositKept:
    """The part of a deposit that pays for what was lost or broken: revenue of the store where it happened."""

    kind: ClassVar[Literal["deposit_kept"]] = "deposit_kept"
    occasion: Occasion
    member_id: MemberId
    deposit_id: EventId
    amount_minor: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRestored:
    """A return or a keeping of this shift taken back; `tenders` are what the member gave again, none for a keeping."""

    kind: ClassVar[Literal["deposit_restored"]] = "deposit_restored"
    occasion: Occasion
    member_id: MemberId
    deposit_id: EventId
    amount_minor: int
    tenders: tuple[Tender, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBackLine:
    line_no: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReversed:
    """A refund of this shift taken back: the lines owe again what `refund_id` gave back on them, in the same amounts; `suspense_minor` as it says."""

    kind: ClassVar[Literal["refund_reversed"]] = "refund_reversed"
    occasion: Occasion
    member_id: MemberId
    refund_id: EventId
    purchase_id: EventId
    amount_minor: int
    lines: tuple[TakenBackLine, ...]
    suspense_minor: int = 0


class TransferPurpose(StrEnum):
    """`member`: one member gives to another. `merge`: all of a member goes to the survivor. `sweep`: what landed in a merged wallet afterwards follows."""

    MEMBER = "member"
    MERGE = "merge"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedValue:
    """A part of a lot on its way, with the lot's whole ancestry; without a lot it is a receivable that moves."""

    kind: ValueKind
    lot_id: LotId | None
    store_id: StoreId
    source_id: EventId
    amount_minor: int
    acquired_on: date
    rulebook: int
    promotion_id: PromotionId | None = None
    expires_on: date | None = None
    tenders: tuple[Tender, ...] = ()
    bearing: Bearing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredOut:
    """First leg: `moved` leaves. `transfer_id` names both legs and makes each of them count once. A merge says what history leaves with it, for the second leg."""

    kind: ClassVar[Literal["transferred_out"]] = "transferred_out"
    occasion: Occasion
    member_id: MemberId
    transfer_id: EventId
    to_member_id: MemberId
    purpose: TransferPurpose
    amount_minor: int
    moved: tuple[MovedValue, ...]
    holdings: tuple[Holding, ...] = ()
    topped_up_minor: int = 0
    top_up_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredIn:
    """Second leg: what really left arrives. It never fails (H11). A merge brings the history that tiers are made of."""

    kind: ClassVar[Literal["transferred_in"]] = "transferred_in"
    occasion: Occasion
    member_id: MemberId
    transfer_id: EventId
    from_member_id: MemberId
    purpose: TransferPurpose
    amount_minor: int
    moved: tuple[MovedValue, ...]
    holdings: tuple[Holding, ...] = ()
    topped_up_minor: int = 0
    top_up_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LotExpired:
    """Head office ends what is available of a lot, or of a holding (`quantity`), after its last day."""

    kind: ClassVar[Literal["lot_expired"]] = "lot_expired"
    occasion: Occasion
    member_id: MemberId
    lot_id: LotId
    amount_minor: int = 0
    quantity: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    kind: ClassVar[Literal["status_changed"]] = "status_changed"
    occasion: Occasion
    member_id: MemberId
    before: WalletStatus
    status: WalletStatus
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReplaced:
    """A new printed card 补卡: only `card_issue` is good from here on; a loss report ends with it."""

    kind: ClassVar[Literal["card_replaced"]] = "card_replaced"
    occasion: Occasion
    member_id: MemberId
    card_issue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRecorded:
    """Who the wallet belongs to: a bearer's, a named member's, or one whose papers were seen. The papers' text is never in an entry."""

    kind: ClassVar[Literal["identity_recorded"]] = "identity_recorded"
    occasion: Occasion
    member_id: MemberId
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class PinSet:
    """The member chose a payment PIN 支付密码, the `pin_issue`-th. `secret` is what head office needs to check proofs by it; the PIN itself is nowhere."""

    kind: ClassVar[Literal["pin_set"]] = "pin_set"
    occasion: Occasion
    member_id: MemberId
    pin_issue: int
    secret: SealedPersonal


@dataclass(frozen=True, slots=True, kw_only=True)
class PinCleared:
    """Head office took the payment PIN away. It counts as an issue of its own, so that one which was set at the same time does not come after it."""

    kind: ClassVar[Literal["pin_cleared"]] = "pin_cleared"
    occasion: Occasion
    member_id: MemberId
    pin_issue: int
    reason: str = ""


class SuspenseVerdict(StrEnum):
    """Who bears what lay in suspense: the member whose doing the payment was after all, or the store that served it."""

    MEMBER = "member"
    STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseDecided:
    """Head office decided about `amount_minor` of the payment `payment_id`, in suspense in the books of `serving_store` (H8). `reason` is said to the store."""

    kind: ClassVar[Literal["suspense_decided"]] = "suspense_decided"
    occasion: Occasion
    member_id: MemberId
    payment_id: EventId
    serving_store: StoreId
    verdict: SuspenseVerdict
    amount_minor: int
    reason: str = ""


MoneyOutEvent = (
    CashOutRequested
    | CashOutPaid
    | CashOutRejected
    | CashOutReversed
    | DepositTaken
    | DepositReturned
    | DepositKept
    | DepositRestored
    | RefundReversed
    | TransferredOut
    | TransferredIn
    | LotExpired
    | StatusChanged
    | CardReplaced
    | IdentityRecorded
    | PinSet
    | PinCleared
    | SuspenseDecided
)
MONEY_OUT_TYPES: tuple[type[MoneyOutEvent], ...] = (
    CashOutRequested,
    CashOutPaid,
    CashOutRejected,
    CashOutReversed,
    DepositTaken,
    DepositReturned,
    DepositKept,
    DepositRestored,
    RefundReversed,
    TransferredOut,
    TransferredIn,
    LotExpired,
    StatusChanged,
    CardReplaced,
    IdentityRecorded,
    PinSet,
    PinCleared,
    SuspenseDecided,
)
