"""Tiers 会员等级: what a member has reached, counted over all time or a rolling window, by top-up or by spend; upgrade at once, downgrade by review.

A tier that a promotion gave stands beside the earned one; the higher counts. Called by `apply` for every event that moves the figures.
"""

from dataclasses import replace
from datetime import date, timedelta

from stored_value.events_loyalty import TierReviewed
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from stored_value.identity import EventId, TierId
from stored_value.loyalty import ActiveDay, TierGrant
from stored_value.loyalty_policy import Tier, TierMeasure, TierPolicy
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet


def threshold_minor(tier: Tier, policy: TierPolicy) -> int:
    return tier.top_up_from_minor if policy.measure is TierMeasure.TOP_UP else tier.spend_from_minor


def measured_minor(wallet: Wallet, policy: TierPolicy, on: date) -> int:
    """The figure that tiers look at: top-ups or spending, net of what was taken back."""
    by_top_up = policy.measure is TierMeasure.TOP_UP
    if policy.window_days is None:
        return wallet.topped_up_minor if by_top_up else wallet.spent_minor
    first = on - timedelta(days=policy.window_days - 1)
    return sum(
        day.topped_up_minor if by_top_up else day.spent_minor
        for day in wallet.loyalty.active_days
        if first <= day.on <= on
    )


def earned_tier(wallet: Wallet, rulebook: Rulebook, on: date) -> Tier:
    policy = rulebook.tier_policy
    measured = measured_minor(wallet, policy, on)
    return max(
        (tier for tier in rulebook.tiers if threshold_minor(tier, policy) <= max(0, measured)),
        key=lambda tier: threshold_minor(tier, policy),
    )


def next_tier(wallet: Wallet, rulebook: Rulebook, on: date) -> tuple[Tier, int] | None:
    """The tier above the member's own, and what is still missing to it; none at the top."""
    rank = _rank(rulebook, wallet.tier_id)
    if rank + 1 >= len(rulebook.tiers):
        return None
    above = rulebook.tiers[rank + 1]
    policy = rulebook.tier_policy
    return above, max(0, threshold_minor(above, policy) - measured_minor(wallet, policy, on))


def tier_of(wallet: Wallet, rulebook: Rulebook, on: date) -> Tier:
    """The member's tier in this rulebook; where the rulebook no longer knows it, the one that the figures give."""
    return rulebook.tier(wallet.tier_id) or earned_tier(wallet, rulebook, on)


def count_activity(
    wallet: Wallet, rulebook: Rulebook, day: date, *, topped_up_minor: int = 0, spent_minor: int = 0
) -> Wallet:
    """Adds to the figures that tiers look at; `day` is the business date of the purchase or top-up, also for what is taken back later (negative)."""
    wallet = changed(
        wallet,
        topped_up_minor=max(0, wallet.topped_up_minor + topped_up_minor),
        spent_minor=max(0, wallet.spent_minor + spent_minor),
    )
    window = rulebook.tier_policy.window_days
    if window is None:
        return wallet
    days = {known.on: known for known in wallet.loyalty.active_days}
    known = days.get(day, ActiveDay(on=day))
    days[day] = replace(
        known,
        topped_up_minor=known.topped_up_minor + topped_up_minor,
        spent_minor=known.spent_minor + spent_minor,
    )
    first = max(days) - timedelta(days=window - 1)
    kept = tuple(days[on] for on in sorted(days) if on >= first)
    return replace(wallet, loyalty=replace(wallet.loyalty, active_days=kept))


def move_tier(wallet: Wallet, rulebook: Rulebook, on: date, *, may_fall: bool = False) -> Wallet:
    """Up at once; down only where the policy keeps no tier, or where the caller says that it may fall (a review, or a reversal of what had raised it)."""
    policy = rulebook.tier_policy
    target = _target(wallet, rulebook, on)
    if target == wallet.tier_id:
        return wallet
    rises = _rank(rulebook, target) > _rank(rulebook, wallet.tier_id)
    if not rises and not may_fall and policy.keep_days is not None:
        return wallet
    wallet = changed(wallet, tier_id=target)
    return wallet if policy.keep_days is None else _kept_until_review(wallet, on, policy.keep_days)


def _target(wallet: Wallet, rulebook: Rulebook, on: date) -> TierId:
    """The higher of the earned tier and those given that still run."""
    best = earned_tier(wallet, rulebook, on).tier_id
    for grant in wallet.loyalty.tier_grants:
        if (grant.until is None or grant.until >= on) and _rank(rulebook, grant.tier_id) > _rank(rulebook, best):
            best = grant.tier_id
    return best


def _kept_until_review(wallet: Wallet, on: date, keep_days: int) -> Wallet:
    review_on = on + timedelta(days=keep_days)
    return replace(wallet, loyalty=replace(wallet.loyalty, tier_since=on, tier_review_on=review_on))


def _rank(rulebook: Rulebook, tier_id: TierId) -> int:
    """Place in the rulebook, from the lowest; a tier that it does not know ranks below all."""
    return next((place for place, tier in enumerate(rulebook.tiers) if tier.tier_id == tier_id), -1)


def grant_tier(wallet: Wallet, tier_id: TierId, source_id: EventId, until: date | None) -> Wallet:
    grant = TierGrant(tier_id=tier_id, source_id=source_id, until=until)
    return replace(wallet, loyalty=replace(wallet.loyalty, tier_grants=(*wallet.loyalty.tier_grants, grant)))


def review_due(wallet: Wallet, rulebook: Rulebook, on: date) -> bool:
    """Whether head office is to write a `TierReviewed` for this member: a review day has come, or the tier rests on a gift that has run out."""
    if rulebook.tier_policy.keep_days is None:
        return _target(wallet, rulebook, on) != wallet.tier_id
    review_on = wallet.loyalty.tier_review_on
    return review_on is not None and on >= review_on


def apply_tier_review(wallet: Wallet, event: TierReviewed, rulebook: Rulebook) -> tuple[Wallet, list[Finding]]:
    """The tier falls or stays, and is kept for another period; gifts that ran out are forgotten. Reviewed again before the next day due: nothing happens."""
    on = event.occasion.business_date
    if not review_due(wallet, rulebook, on):
        return wallet, [Finding(FindingCode.TIER_REVIEW_NOT_DUE, {"tier": wallet.tier_id})]
    running = tuple(grant for grant in wallet.loyalty.tier_grants if grant.until is None or grant.until >= on)
    wallet = replace(wallet, loyalty=replace(wallet.loyalty, tier_grants=running))
    wallet = move_tier(wallet, rulebook, on, may_fall=True)
    keep_days = rulebook.tier_policy.keep_days
    return (wallet if keep_days is None else _kept_until_review(wallet, on, keep_days)), []
