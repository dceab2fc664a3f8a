"""Whether a promotion applies to a top-up: the circumstances it is asked in, the terms that must hold, and a stable code with figures for each that does not.

Two kinds of terms are kept apart. *Facts* (amount, plan, date, hour, store, tender) are in the event, and head office sees the same ones. The *standing* of the
member (first top-up, tier, birthday, caps) is what an offline till may see wrongly; a promise that only the standing contradicts is honoured (H10, decisions).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import assert_never

from stored_value.identity import PromotionId, StoreId
from stored_value.loyalty import PromotionUse
from stored_value.occasion import TenderKind
from stored_value.promotions import (
    NO_CAPS,
    NO_CONDITIONS,
    Cap,
    Conditions,
    FirstTopUp,
    FixedPlan,
    FromAmount,
    Hours,
    Ladder,
    PerStep,
    Promotion,
)
from stored_value.wallet import Wallet


class ReasonCode(StrEnum):
    """Why a promotion gave or did not give; `explanations` has the words for each."""

    GIVEN = "given"
    GIVEN_UP_TO_CAP = "given_up_to_cap"
    OTHER_PLAN = "other_plan"
    AMOUNT_DIFFERS = "amount_differs"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    NOTHING_TO_GIVE = "nothing_to_give"
    DATE_UNKNOWN = "date_unknown"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    WRONG_WEEKDAY = "wrong_weekday"
    TIME_UNKNOWN = "time_unknown"
    WRONG_HOURS = "wrong_hours"
    STORE_UNKNOWN = "store_unknown"
    WRONG_STORE = "wrong_store"
    TENDER_OPEN = "tender_open"
    WRONG_TENDER = "wrong_tender"
    NOT_FIRST = "not_first"
    WRONG_TIER = "wrong_tier"
    BIRTHDAY_UNKNOWN = "birthday_unknown"
    NOT_BIRTHDAY_MONTH = "not_birthday_month"
    MEMBER_CAP = "member_cap"
    MEMBER_DAY_CAP = "member_day_cap"
    CAMPAIGN_CAP = "campaign_cap"
    EXCLUDED_BY = "excluded_by"


ReasonData = dict[str, int | str]
Hindrance = tuple[ReasonCode, ReasonData]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignUse:
    """How often a promotion gave in the whole franchise, as head office last counted."""

    times: int = 0
    bonus_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpContext:
    """What a quote needs beyond the wallet. What is left out is unknown: a promotion that asks for it does not give and says so.
    `on` is the business date, `local_time` ends in `HH:MM:SS`; no tender yet is a preview."""

    store_id: StoreId | None = None
    on: date | None = None
    local_time: str = ""
    tenders: frozenset[TenderKind] = frozenset()
    birthday_month: int | None = None
    campaign_uses: Mapping[PromotionId, CampaignUse] = field(default_factory=dict)


NOT_KNOWN = TopUpContext()


def shape_hindrance(promotion: Promotion, amount_minor: int, plan_id: PromotionId | None) -> Hindrance | None:
    """What in the amount or the chosen plan keeps the promotion from giving."""
    match promotion:
        case FixedPlan():
            if promotion.promotion_id != plan_id:
                return ReasonCode.OTHER_PLAN, {"pay_minor": promotion.pay_minor}
            if amount_minor != promotion.pay_minor:
                return ReasonCode.AMOUNT_DIFFERS, {"pay_minor": promotion.pay_minor}
            return None
        case FirstTopUp() | FromAmount():
            least = promotion.from_minor
        case PerStep():
            least = promotion.step_minor
        case Ladder():
            least = promotion.rungs[0].from_minor
        case _:
            assert_never(promotion)
    if amount_minor < least:
        return ReasonCode.BELOW_MINIMUM, {"from_minor": least}
    if (
        isinstance(promotion, FromAmount)
        and promotion.below_minor is not None
        and amount_minor >= promotion.below_minor
    ):
        return ReasonCode.ABOVE_MAXIMUM, {"below_minor": promotion.below_minor}
    return None


def fact_hindrance(promotion: Promotion, context: TopUpContext) -> Hindrance | None:
    """What in the circumstances keeps the promotion from giving, whoever the member is."""
    terms = promotion.terms
    if terms.release is not None and context.on is None:
        return ReasonCode.DATE_UNKNOWN, {}
    asked = terms.conditions
    if asked is NO_CONDITIONS:
        return None
    if asked.stores and context.store_id not in asked.stores:
        code = ReasonCode.WRONG_STORE if context.store_id else ReasonCode.STORE_UNKNOWN
        return code, {"stores": ",".join(asked.stores)}
    found = _day_hindrance(asked, context.on) if asked.from_date or asked.until_date or asked.weekdays else None
    if found is None and asked.hours:
        found = _hours_hindrance(asked.hours, context.local_time[-8:-3])
    if found is None and asked.tenders:
        found = _tender_hindrance(asked.tenders, context.tenders)
    return found


def _day_hindrance(asked: Conditions, on: date | None) -> Hindrance | None:
    if on is None:
        return ReasonCode.DATE_UNKNOWN, {}
    if asked.from_date is not None and on < asked.from_date:
        return ReasonCode.NOT_STARTED, {"from_date": asked.from_date.isoformat()}
    if asked.until_date is not None and on > asked.until_date:
        return ReasonCode.ENDED, {"until_date": asked.until_date.isoformat()}
    if asked.weekdays and on.isoweekday() not in asked.weekdays:
        return ReasonCode.WRONG_WEEKDAY, {"weekdays": ",".join(str(day) for day in sorted(asked.weekdays))}
    return None


def _hours_hindrance(asked: tuple[Hours, ...], at: str) -> Hindrance | None:
    if any(_within(hours, at) for hours in asked) and at:
        return None
    stated = ",".join(f"{hours.from_time}-{hours.until_time}" for hours in asked)
    return (ReasonCode.WRONG_HOURS if at else ReasonCode.TIME_UNKNOWN), {"hours": stated}


def _within(hours: Hours, at: str) -> bool:
    """`HH:MM` compares as text."""
    if hours.from_time < hours.until_time:
        return hours.from_time <= at < hours.until_time
    return at >= hours.from_time or at < hours.until_time


def _tender_hindrance(asked: tuple[TenderKind, ...], used: frozenset[TenderKind]) -> Hindrance | None:
    if used and used.issubset(asked):
        return None
    return (ReasonCode.WRONG_TENDER if used else ReasonCode.TENDER_OPEN), {"tenders": ",".join(asked)}


def standing_hindrance(promotion: Promotion, wallet: Wallet, context: TopUpContext) -> Hindrance | None:
    """What in the member's standing keeps the promotion from giving."""
    terms = promotion.terms
    asked = terms.conditions
    # A merge carried the count of top-ups to the survivor: what lands in the merged wallet later is nobody's first.
    is_known = wallet.top_up_count > 0 or wallet.merged_into is not None
    if is_known and (asked.first_only or isinstance(promotion, FirstTopUp)):
        return ReasonCode.NOT_FIRST, {"count": wallet.top_up_count}
    if asked is not NO_CONDITIONS:
        if asked.tiers and wallet.tier_id not in asked.tiers:
            return ReasonCode.WRONG_TIER, {"tiers": ",".join(asked.tiers), "tier": wallet.tier_id}
        if asked.birthday_month:
            month = context.birthday_month or wallet.birthday_month
            if month is None or context.on is None:
                return ReasonCode.BIRTHDAY_UNKNOWN, {}
            if context.on.month != month:
                return ReasonCode.NOT_BIRTHDAY_MONTH, {"month": month}
    return None if terms.caps is NO_CAPS else _cap_reached(promotion, wallet, context)


def _cap_reached(promotion: Promotion, wallet: Wallet, context: TopUpContext) -> Hindrance | None:
    for code, cap, times, bonus_minor in _counts(promotion, wallet, context):
        if cap.times is not None and times >= cap.times:
            return code, {"cap_times": cap.times, "times": times}
        if cap.bonus_minor is not None and bonus_minor >= cap.bonus_minor:
            return code, {"cap_minor": cap.bonus_minor, "given_minor": bonus_minor}
    return None


def cap_left_minor(promotion: Promotion, wallet: Wallet, context: TopUpContext) -> int | None:
    """The bonus that caps in money still allow; none when no cap is stated in money."""
    if promotion.terms.caps is NO_CAPS:
        return None
    lefts = [
        max(0, cap.bonus_minor - given)
        for _, cap, _, given in _counts(promotion, wallet, context)
        if cap.bonus_minor is not None
    ]
    return min(lefts, default=None)


def _counts(
    promotion: Promotion, wallet: Wallet, context: TopUpContext
) -> tuple[tuple[ReasonCode, Cap, int, int], ...]:
    """Each cap with the times and the bonus so far."""
    caps = promotion.terms.caps
    used: PromotionUse | None = wallet.loyalty.use(promotion.promotion_id)
    total = (used.times, used.bonus_minor) if used else (0, 0)
    today = (used.day_times, used.day_bonus_minor) if used and used.day == context.on else (0, 0)
    all_members = context.campaign_uses.get(promotion.promotion_id)
    campaign = (all_members.times, all_members.bonus_minor) if all_members else (0, 0)
    return (
        (ReasonCode.MEMBER_CAP, caps.member, *total),
        (ReasonCode.MEMBER_DAY_CAP, caps.member_day, *today),
        (ReasonCode.CAMPAIGN_CAP, caps.campaign, *campaign),
    )
