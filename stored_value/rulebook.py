"""The rulebook: one immutable, numbered version of tiers, promotions, spend order and limits (L8). Types only; reading and checking a document is in `rulebook_document`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stored_value.cart_policy import CartPolicy, CouponType, PassType
from stored_value.identity import PromotionId, TierId
from stored_value.loyalty_policy import PointsPolicy, Tier, TierPolicy
from stored_value.offline_policy import OfflinePolicy
from stored_value.periods import SettlementPolicy
from stored_value.policies import CashOutPolicy, LifeCyclePolicy
from stored_value.promotions import BonusBearer, FirstTopUp, FixedPlan, Promotion
from stored_value.words import Words

__all__ = [
    "HEAD_OFFICE_STORE",
    "BonusBearer",
    "CartPolicy",
    "CouponType",
    "DrawOrder",
    "FirstTopUp",
    "FixedPlan",
    "Limits",
    "PassType",
    "PointsPolicy",
    "Promotion",
    "ReceiptTexts",
    "Rulebook",
    "Tier",
    "TierPolicy",
    "Words",
]


class DrawOrder(StrEnum):
    PROPORTIONAL = "proportional"
    PRINCIPAL_FIRST = "principal_first"
    BONUS_FIRST = "bonus_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTexts:
    header: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Policy in minor units or days; the defaults are those of docs/RULEBOOK.md."""

    static_card_day_minor: int = 30_000
    named_wallet_minor: int = 500_000
    refund_days: int = 30
    words_from_minor: int = 100_000
    bearer_wallet_minor: int = 100_000
    real_name_from_minor: int = 1_000_000
    cash_top_up_minor: int = 5_000_000
    cash_payout_minor: int = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """`tiers` ascend by the threshold that `tier_policy` measures and start at 0. `version` grows by one; the one in force is the highest whose `effective_at` has come."""

    version: int
    effective_at: datetime
    tiers: tuple[Tier, ...]
    promotions: tuple[Promotion, ...] = ()
    draw_order: DrawOrder = DrawOrder.PROPORTIONAL
    limits: Limits = field(default_factory=Limits)
    receipt: ReceiptTexts = field(default_factory=ReceiptTexts)
    tier_policy: TierPolicy = field(default_factory=TierPolicy)
    points: PointsPolicy = field(default_factory=PointsPolicy)
    cash_out: CashOutPolicy = field(default_factory=CashOutPolicy)
    life_cycle: LifeCyclePolicy = field(default_factory=LifeCyclePolicy)
    coupons: tuple[CouponType, ...] = ()
    passes: tuple[PassType, ...] = ()
    cart: CartPolicy = field(default_factory=CartPolicy)
    offline: OfflinePolicy = field(default_factory=OfflinePolicy)
    settlement: SettlementPolicy = field(default_factory=SettlementPolicy)

    def promotion(self, promotion_id: PromotionId) -> Promotion | None:
        return next((known for known in self.promotions if known.promotion_id == promotion_id), None)

    def plans(self) -> tuple[FixedPlan, ...]:
        return tuple(known for known in self.promotions if isinstance(known, FixedPlan))

    def tier_for(self, topped_up_minor: int) -> Tier:
        return max(
            (tier for tier in self.tiers if tier.top_up_from_minor <= topped_up_minor),
            key=lambda tier: tier.top_up_from_minor,
        )

    def coupon_type(self, coupon_id: str) -> CouponType | None:
        return next((known for known in self.coupons if known.coupon_id == coupon_id), None)

    def pass_type(self, pass_id: str) -> PassType | None:
        return next((known for known in self.passes if known.pass_id == pass_id), None)

    def tier(self, tier_id: TierId) -> Tier | None:
        return next((known for known in self.tiers if known.tier_id == tier_id), None)


HEAD_OFFICE_STORE = "HQ"
"""The store id under which head office keeps its own books."""
