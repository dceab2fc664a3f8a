"""The rulebook: one immutable, numbered version of tiers, promotions, spend order and limits (L8). Types only; reading and checking a document is in `rulebook_document`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stored_value.identity import PromotionId, TierId


class DrawOrder(StrEnum):
    PROPORTIONAL = "proportional"
    PRINCIPAL_FIRST = "principal_first"
    BONUS_FIRST = "bonus_first"


class BonusBearer(StrEnum):
    """Whose books bear the cost of a bonus; shares between stores come with the complete rules."""

    COLLECTING_STORE = "collecting_store"
    HEAD_OFFICE = "head_office"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text for people, in each language of the product."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Reached at once when the accumulated top-ups come to `top_up_from_minor`."""

    tier_id: TierId
    name: Words
    top_up_from_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPlan:
    """充1000送200: paying exactly `pay_minor` under this plan gives `bonus_minor`."""

    promotion_id: PromotionId
    name: Words
    pay_minor: int
    bonus_minor: int
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    bonus_valid_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTopUp:
    """首充送50: a member's first top-up of at least `from_minor` gives `bonus_minor`, on top of any plan."""

    promotion_id: PromotionId
    name: Words
    from_minor: int
    bonus_minor: int
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    bonus_valid_days: int | None = None


Promotion = FixedPlan | FirstTopUp


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTexts:
    header: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Policy in minor units or days; the defaults are those of docs/RULEBOOK.md."""

    offline_member_minor: int = 20_000
    static_card_day_minor: int = 30_000
    named_wallet_minor: int = 500_000
    refund_days: int = 30
    words_from_minor: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """`tiers` ascend by threshold and start at 0. `version` grows by one; the one in force is the highest whose `effective_at` has come."""

    version: int
    effective_at: datetime
    tiers: tuple[Tier, ...]
    promotions: tuple[Promotion, ...] = ()
    draw_order: DrawOrder = DrawOrder.PROPORTIONAL
    limits: Limits = field(default_factory=Limits)
    receipt: ReceiptTexts = field(default_factory=ReceiptTexts)

    def promotion(self, promotion_id: PromotionId) -> Promotion | None:
        return next((known for known in self.promotions if known.promotion_id == promotion_id), None)

    def plans(self) -> tuple[FixedPlan, ...]:
        return tuple(known for known in self.promotions if isinstance(known, FixedPlan))

    def tier_for(self, topped_up_minor: int) -> Tier:
        return max(
            (tier for tier in self.tiers if tier.top_up_from_minor <= topped_up_minor),
            key=lambda tier: tier.top_up_from_minor,
        )

    def tier(self, tier_id: TierId) -> Tier | None:
        return next((known for known in self.tiers if known.tier_id == tier_id), None)


HEAD_OFFICE_STORE = "HQ"
"""The store id under which head office keeps its own books."""
