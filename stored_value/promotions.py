"""Promotions as data: shapes of an offer, what it gives, and the terms under which it gives. Types only: `quote` decides, `rulebook_promotions` reads them from a document.

How a member meets them: every promotion whose conditions and shape fit gives its reward (they stack), except that of those which share an exclusion
group only the one with the highest `priority` gives. The order in which a rulebook lists its promotions never matters.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stored_value.bearing import Bearing
from stored_value.identity import PromotionId, StoreId, TierId
from stored_value.occasion import TenderKind
from stored_value.wallet import HoldingKind
from stored_value.words import Words


class BonusBearer(StrEnum):
    """Who alone bears the cost of a bonus; shares of several stand in a promotion's `borne_by`, which then counts."""

    COLLECTING_STORE = "collecting_store"
    HEAD_OFFICE = "head_office"


class ReleaseUnit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """`HH:MM` on the store's wall clock, the first minute in and the first minute out; `until_time` before `from_time` passes midnight, on the business date of the evening."""

    from_time: str
    until_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """All that are stated must hold; an empty one asks nothing. Dates and weekdays (1 = Monday) are those of the business date, `tiers` the member's tier before the top-up,
    `tenders` must cover the whole payment, `birthday_month` asks that the business date lies in the member's."""

    from_date: date | None = None
    until_date: date | None = None
    weekdays: tuple[int, ...] = ()
    hours: tuple[Hours, ...] = ()
    stores: tuple[StoreId, ...] = ()
    tiers: tuple[TierId, ...] = ()
    tenders: tuple[TenderKind, ...] = ()
    birthday_month: bool = False
    first_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """How often, and how much bonus in all (instalments to come included); the last reward is cut to what is left."""

    times: int | None = None
    bonus_minor: int | None = None


NO_CAP = Cap()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Per member, per member and business date, and over all members of the franchise. The last cannot be known by one wallet: a till compares
    head office's last count, head office counts every grant and reports what went beyond as a cost (docs/RULEBOOK.md)."""

    member: Cap = NO_CAP
    member_day: Cap = NO_CAP
    campaign: Cap = NO_CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The bonus in `count` parts (`money.split`), one a day, week or month; the first with the top-up or one period after it."""

    count: int
    every: ReleaseUnit
    first_at_once: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponGift:
    coupon_id: str
    count: int = 1
    valid_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassGift:
    """`quantity` uses or minutes; 1 for a pass that runs until a day."""

    pass_id: str
    kind: HoldingKind
    quantity: int
    valid_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TierGift:
    """The tier for `valid_days` from the top-up, for ever without; a higher tier of the member's own stays."""

    tier_id: TierId
    valid_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefits:
    """What is given: an amount, a share of the amount paid (1000 basis points = 10 %, rounded down to the fen, at most `bonus_at_most_minor`), points, coupons, passes, a tier."""

    bonus_minor: int = 0
    bonus_basis_points: int = 0
    bonus_at_most_minor: int | None = None
    points: int = 0
    coupons: tuple[CouponGift, ...] = ()
    passes: tuple[PassGift, ...] = ()
    tier: TierGift | None = None


NO_CONDITIONS = Conditions()
NO_CAPS = Caps()
NOTHING = Benefits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`groups`: of the promotions that share one of them, only the one with the highest `priority` gives; equal priorities there are a mistake that the lint names."""

    conditions: Conditions = NO_CONDITIONS
    caps: Caps = NO_CAPS
    release: Release | None = None
    groups: tuple[str, ...] = ()
    priority: int = 0


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPlan:
    """充1000送200: paying exactly `pay_minor` under this plan gives `bonus_minor`, and what `also` adds."""

    promotion_id: PromotionId
    name: Words
    pay_minor: int
    bonus_minor: int
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    borne_by: Bearing | None = None
    bonus_valid_days: int | None = None
    also: Benefits = NOTHING
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTopUp:
    """首充送50: a member's first top-up of at least `from_minor` gives `bonus_minor`, on top of any plan."""

    promotion_id: PromotionId
    name: Words
    from_minor: int
    bonus_minor: int
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    borne_by: Bearing | None = None
    bonus_valid_days: int | None = None
    also: Benefits = NOTHING
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class PerStep:
    """每满1000送200: every full `step_minor` gives `each` once, at most `steps_at_most` times."""

    promotion_id: PromotionId
    name: Words
    step_minor: int
    each: Benefits
    steps_at_most: int | None = None
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    borne_by: Bearing | None = None
    bonus_valid_days: int | None = None
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    from_minor: int
    gives: Benefits


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """满500送50，满1000送150: the highest rung that the amount comes to gives, alone; rungs ascend."""

    promotion_id: PromotionId
    name: Words
    rungs: tuple[Rung, ...]
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    borne_by: Bearing | None = None
    bonus_valid_days: int | None = None
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class FromAmount:
    """充满500送10%: an amount of at least `from_minor`, and below `below_minor` where one is stated, gives `gives` once."""

    promotion_id: PromotionId
    name: Words
    from_minor: int
    gives: Benefits
    below_minor: int | None = None
    bearer: BonusBearer = BonusBearer.COLLECTING_STORE
    borne_by: Bearing | None = None
    bonus_valid_days: int | None = None
    terms: Terms = NO_TERMS


Promotion = FixedPlan | FirstTopUp | PerStep | Ladder | FromAmount
