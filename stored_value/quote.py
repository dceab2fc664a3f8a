"""What a top-up would give and why: every promotion of the rulebook with its reward or the reason it gives none. Pure; asked by the till before the money is taken,
by head office when the event arrives, and by the replay."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple, assert_never

from stored_value.eligibility import (
    NOT_KNOWN,
    Hindrance,
    ReasonCode,
    ReasonData,
    TopUpContext,
    cap_left_minor,
    fact_hindrance,
    shape_hindrance,
    standing_hindrance,
)
from stored_value.identity import PromotionId
from stored_value.instalments import due_dates
from stored_value.money import floor_share, split
from stored_value.promotions import (
    NOTHING,
    Benefits,
    BonusBearer,
    CouponGift,
    FirstTopUp,
    FixedPlan,
    FromAmount,
    Ladder,
    PassGift,
    PerStep,
    Promotion,
    TierGift,
)
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet
from stored_value.words import Words

_ALL_BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """Counted from 1 over all parts of the bonus, that which comes at once included."""

    number: int
    due_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """`bonus_minor` comes with the top-up, `later` in instalments after it."""

    promotion_id: PromotionId
    name: Words
    bonus_minor: int
    bearer: BonusBearer
    later: tuple[Instalment, ...] = ()
    points: int = 0
    coupons: tuple[CouponGift, ...] = ()
    passes: tuple[PassGift, ...] = ()
    tier: TierGift | None = None

    @property
    def later_minor(self) -> int:
        return sum(part.amount_minor for part in self.later)

    @property
    def whole_bonus_minor(self) -> int:
        return self.bonus_minor + self.later_minor


class Reason(NamedTuple):
    """Why a promotion gave or did not give: a `ReasonCode` and the figures that explain it. A tuple, because every quote makes one a rule."""

    promotion_id: PromotionId
    name: Words
    given: bool
    code: str
    data: ReasonData


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a top-up would give. `plan_id` is the plan it counts under: the chosen one, else the best that applies and whose price is exactly the amount."""

    amount_minor: int
    plan_id: PromotionId | None
    rewards: tuple[Reward, ...]
    reasons: tuple[Reason, ...]

    @property
    def bonus_minor(self) -> int:
        """What is credited with the top-up; instalments come later."""
        return sum(reward.bonus_minor for reward in self.rewards)


def quote(
    wallet: Wallet,
    amount_minor: int,
    plan_id: PromotionId | None,
    rulebook: Rulebook,
    context: TopUpContext = NOT_KNOWN,
    *,
    promised: Collection[PromotionId] = (),
) -> Quote:
    """Rewards and reasons in the rulebook's order. `promised`: what a till promised; the member's standing does not stop it, and it goes before others of its group."""
    if plan_id is None:
        plan_id = _best_plan(wallet, amount_minor, rulebook, context, promised)
    hindrances: list[Hindrance | None] = []
    grouped: list[Promotion] = []
    for promotion in rulebook.promotions:
        found = shape_hindrance(promotion, amount_minor, plan_id) or fact_hindrance(promotion, context)
        if found is None and not (promised and promotion.promotion_id in promised):
            found = standing_hindrance(promotion, wallet, context)
        if found is None and promotion.terms.groups:
            grouped.append(promotion)
        hindrances.append(found)
    excluded = _excluded(grouped, promised) if len(grouped) > 1 else {}
    rewards: list[Reward] = []
    reasons: list[Reason] = []
    for promotion, found in zip(rulebook.promotions, hindrances, strict=True):
        promotion_id = promotion.promotion_id
        reward = None
        hindrance = found or excluded.get(promotion_id)
        if hindrance is None:
            reward, hindrance = _given(promotion, wallet, amount_minor, context, promotion_id in promised)
            if reward is not None:
                rewards.append(reward)
        code, data = hindrance
        reasons.append(Reason(promotion_id, promotion.name, reward is not None, code, data))
    return Quote(amount_minor=amount_minor, plan_id=plan_id, rewards=tuple(rewards), reasons=tuple(reasons))


def reward_for_facts(
    promotion: Promotion, amount_minor: int, plan_id: PromotionId | None, context: TopUpContext
) -> Reward | None:
    """What a promotion gives for the facts of a top-up, whatever the member's standing: the measure of an honest promise."""
    if shape_hindrance(promotion, amount_minor, plan_id) or fact_hindrance(promotion, context):
        return None
    return _reward(promotion, benefits_of(promotion, amount_minor), context.on)


def _best_plan(
    wallet: Wallet, amount_minor: int, rulebook: Rulebook, context: TopUpContext, promised: Collection[PromotionId]
) -> PromotionId | None:
    """Among plans of exactly this price: a promised one, else one that applies, then the largest bonus, then the highest priority, then the first id."""
    matching = [plan for plan in rulebook.plans() if plan.pay_minor == amount_minor]
    if not matching:
        return None
    if len(matching) == 1:
        return matching[0].promotion_id

    def rank(plan: FixedPlan) -> tuple[bool, bool, int, int, PromotionId]:
        hindered = fact_hindrance(plan, context) or standing_hindrance(plan, wallet, context)
        return (
            plan.promotion_id not in promised,
            hindered is not None,
            -plan.bonus_minor,
            -plan.terms.priority,
            plan.promotion_id,
        )

    return min(matching, key=rank).promotion_id


def _excluded(grouped: list[Promotion], promised: Collection[PromotionId]) -> dict[PromotionId, Hindrance]:
    """Of each exclusion group one gives: what was promised, then by priority; equal priorities (which the lint refuses) by id, so that the order of listing never matters."""
    order = sorted(
        grouped,
        key=lambda one: (one.promotion_id not in promised, -one.terms.priority, one.promotion_id),
    )
    taken: dict[str, Promotion] = {}
    excluded: dict[PromotionId, Hindrance] = {}
    for promotion in order:
        winner = next((taken[group] for group in promotion.terms.groups if group in taken), None)
        if winner is not None:
            excluded[promotion.promotion_id] = (
                ReasonCode.EXCLUDED_BY,
                {"by": winner.promotion_id, "by_zh": winner.name.zh, "by_en": winner.name.en},
            )
        else:
            taken.update(dict.fromkeys(promotion.terms.groups, promotion))
    return excluded


def _given(
    promotion: Promotion, wallet: Wallet, amount_minor: int, context: TopUpContext, promised: bool
) -> tuple[Reward | None, Hindrance]:
    benefits = benefits_of(promotion, amount_minor)
    code = ReasonCode.GIVEN
    data: ReasonData = {}
    left = None if promised else cap_left_minor(promotion, wallet, context)
    if left is not None and benefits.bonus_minor > left:
        code, data = ReasonCode.GIVEN_UP_TO_CAP, {"given_minor": left, "full_minor": benefits.bonus_minor}
        benefits = replace(benefits, bonus_minor=left)
    if not (benefits.bonus_minor or benefits.points or benefits.coupons or benefits.passes or benefits.tier):
        return None, (ReasonCode.NOTHING_TO_GIVE, {})
    return _reward(promotion, benefits, context.on), (code, data)


def benefits_of(promotion: Promotion, amount_minor: int) -> Benefits:
    """What the shape gives for an amount that it accepts; a share of the amount is worked out, steps are multiplied."""
    match promotion:
        case FixedPlan() | FirstTopUp():
            if promotion.also is NOTHING:
                return Benefits(bonus_minor=promotion.bonus_minor)
            also = _worked_out(promotion.also, amount_minor)
            return replace(also, bonus_minor=also.bonus_minor + promotion.bonus_minor)
        case PerStep():
            steps = amount_minor // promotion.step_minor
            if promotion.steps_at_most is not None:
                steps = min(steps, promotion.steps_at_most)
            return _times(_worked_out(promotion.each, promotion.step_minor), steps)
        case Ladder():
            reached = [rung for rung in promotion.rungs if rung.from_minor <= amount_minor]
            return _worked_out(reached[-1].gives, amount_minor) if reached else NOTHING
        case FromAmount():
            return _worked_out(promotion.gives, amount_minor)
        case _:
            assert_never(promotion)


def _worked_out(benefits: Benefits, amount_minor: int) -> Benefits:
    if not benefits.bonus_basis_points:
        return benefits
    share = floor_share(amount_minor, benefits.bonus_basis_points, _ALL_BASIS_POINTS)
    if benefits.bonus_at_most_minor is not None:
        share = min(share, benefits.bonus_at_most_minor)
    return replace(benefits, bonus_minor=benefits.bonus_minor + share, bonus_basis_points=0, bonus_at_most_minor=None)


def _times(each: Benefits, steps: int) -> Benefits:
    if steps == 1:
        return each
    return Benefits(
        bonus_minor=each.bonus_minor * steps,
        points=each.points * steps,
        tier=each.tier,
        coupons=tuple(replace(gift, count=gift.count * steps) for gift in each.coupons),
        passes=tuple(replace(gift, quantity=gift.quantity * steps) for gift in each.passes),
    )


def _reward(promotion: Promotion, benefits: Benefits, on: date | None) -> Reward:
    now, later = benefits.bonus_minor, tuple[Instalment, ...]()
    release = promotion.terms.release
    if release is not None and on is not None and benefits.bonus_minor:
        parts = split(benefits.bonus_minor, (1,) * release.count)
        numbered = [
            Instalment(number=number, due_on=due_on, amount_minor=amount)
            for number, (due_on, amount) in enumerate(zip(due_dates(on, release), parts, strict=True), start=1)
        ]
        now = parts[0] if release.first_at_once else 0
        later = tuple(part for part in numbered if part.amount_minor and part.due_on > on)
    return Reward(
        promotion_id=promotion.promotion_id,
        name=promotion.name,
        bonus_minor=now,
        bearer=promotion.bearer,
        later=later,
        points=benefits.points,
        coupons=benefits.coupons,
        passes=benefits.passes,
        tier=benefits.tier,
    )
