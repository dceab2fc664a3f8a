"""Tiers and points as data of the rulebook: thresholds, discounts, multipliers, what earns points and what they buy. Types only; `tiers` and `points` hold the rules."""

from dataclasses import dataclass
from enum import StrEnum

from stored_value.identity import TierId
from stored_value.promotions import CouponGift, PassGift
from stored_value.words import Words


class TierMeasure(StrEnum):
    TOP_UP = "top_up"
    SPEND = "spend"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDiscount:
    """The member's discount on one item category instead of the tier's general one."""

    category: str
    basis_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Reached at once when the measured top-ups (or spending) come to its threshold. Discounts are basis points off (500 = 5 % = 95折);
    points are multiplied by `points_percent` (150 = one and a half)."""

    tier_id: TierId
    name: Words
    top_up_from_minor: int
    spend_from_minor: int = 0
    discount_basis_points: int = 0
    category_discounts: tuple[CategoryDiscount, ...] = ()
    points_percent: int = 100
    benefits: tuple[Words, ...] = ()

    def discount_for(self, category: str) -> int:
        """Basis points off for an item of that category."""
        return next(
            (own.basis_points for own in self.category_discounts if own.category == category),
            self.discount_basis_points,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPolicy:
    """`window_days`: only that many days up to and with today count; none: all since enrolment. `keep_days`: a tier reached is kept that long, then reviewed, and
    falls to what the figures give; none: the tier follows the figures at every event."""

    measure: TierMeasure = TierMeasure.TOP_UP
    window_days: int | None = None
    keep_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsReward:
    """What points buy: goods or service worth `worth_minor` (booked as a cost of the programme), a coupon, or a pass."""

    reward_id: str
    name: Words
    points: int
    worth_minor: int = 0
    coupon: CouponGift | None = None
    pass_gift: PassGift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPolicy:
    """Earned: `amount × points × tier's percent / (per_minor × 100)`, rounded down once. `worth_points` points pay `worth_minor`; 0 points: they pay nothing.
    `bonus_spend_earns`: whether what was paid from bonus earns as well."""

    top_up_points: int = 0
    top_up_per_minor: int = 100
    spend_points: int = 0
    spend_per_minor: int = 100
    bonus_spend_earns: bool = True
    valid_days: int | None = None
    worth_points: int = 0
    worth_minor: int = 0
    rewards: tuple[PointsReward, ...] = ()

    def reward(self, reward_id: str) -> PointsReward | None:
        return next((known for known in self.rewards if known.reward_id == reward_id), None)
