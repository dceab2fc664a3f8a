"""Cash-outs as a wallet remembers them: what was asked, how each top-up was reckoned, what is reserved from which lot. Values only; `cash_out` makes and settles them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stored_value.bearing import Bearing
from stored_value.identity import EventId, LotId, PromotionId, StoreId
from stored_value.loyalty import TierGrant
from stored_value.policies import CashOutMethod


class CashOutState(StrEnum):
    WAITING = "waiting"
    PAID = "paid"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedPart:
    """What left a lot when the request was made. `principal`: else it is bonus, given by `promotion_id`."""

    lot_id: LotId
    store_id: StoreId
    principal: bool
    amount_minor: int
    promotion_id: PromotionId | None = None
    bearing: Bearing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutLine:
    """One top-up, as it is shown before anybody confirms: `refundable_minor` follows from the other figures by `method`; `discount_minor` is what the use would have
    cost more at the undiscounted price. A refund of a purchase after the payment lowers `used_minor` and reckons the line again (H10). `lot_ids` are the lots that the
    payment retired: a top-up of which a part came back from another member may be cashed out again."""

    top_up_id: EventId
    acquired_on: date
    method: CashOutMethod
    cooling_off: bool
    paid_minor: int
    gift_minor: int
    used_minor: int
    principal_used_minor: int
    discount_minor: int
    refundable_minor: int
    parts: tuple[ReservedPart, ...]
    lot_ids: tuple[LotId, ...] = ()

    def retired(self, lot_id: LotId, top_up_id: EventId) -> bool:
        """Lines of before `lot_ids` were kept retired every lot of their top-up."""
        return lot_id in self.lot_ids if self.lot_ids else top_up_id == self.top_up_id

    @property
    def consumed_minor(self) -> int:
        """The part of the payment that counts as used up."""
        return self.paid_minor - self.refundable_minor

    @property
    def principal_minor(self) -> int:
        return sum(part.amount_minor for part in self.parts if part.principal)

    @property
    def forfeited_minor(self) -> int:
        """The bonus that the member gives up."""
        return sum(part.amount_minor for part in self.parts if not part.principal)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenReward:
    """What of a holding that the top-up gave went with its cash-out."""

    holding_id: LotId
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOut:
    """`arrived` are lots that another member gave back, out of the same top-ups, while the request waited: no part of its reckoning, they stay the member's.
    `missing_minor` is what the request showed as payable beyond what was found in the lots: entries of other tills that have not been heard of yet.
    `rewards` and `tier_grants` are what the payment took back beside the money, so that taking the payment back returns them."""

    request_id: EventId
    state: CashOutState
    lines: tuple[CashOutLine, ...]
    arrived: tuple[LotId, ...] = ()
    missing_minor: int = 0
    rewards: tuple[TakenReward, ...] = ()
    tier_grants: tuple[TierGrant, ...] = ()

    @property
    def refundable_minor(self) -> int:
        return sum(line.refundable_minor for line in self.lines)

    @property
    def reserved_minor(self) -> int:
        return sum(part.amount_minor for line in self.lines for part in line.parts)
