"""What happens to promotions, tiers and points after the top-up: instalments released, points redeemed, tiers reviewed. Passed on by `events`."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from stored_value.identity import EventId, MemberId, PromotionId
from stored_value.occasion import Occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentReleased:
    """Head office credits a part of a bonus that fell due. The occasion pins the rulebook of the top-up."""

    kind: ClassVar[Literal["instalment_released"]] = "instalment_released"
    occasion: Occasion
    member_id: MemberId
    top_up_id: EventId
    promotion_id: PromotionId
    number: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRedeemed:
    """Points exchanged 积分兑换 for a reward of the rulebook; `worth_minor` is what the goods are worth, 0 for a coupon or a pass."""

    kind: ClassVar[Literal["points_redeemed"]] = "points_redeemed"
    occasion: Occasion
    member_id: MemberId
    points: int
    reward_id: str
    worth_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TierReviewed:
    """Head office looks at a tier whose review day has come; the tier falls to what the figures give, or stays."""

    kind: ClassVar[Literal["tier_reviewed"]] = "tier_reviewed"
    occasion: Occasion
    member_id: MemberId
