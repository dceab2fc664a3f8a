"""Caps over all members of the franchise: what head office counts, because no single wallet can know it, and what it reports when a campaign went beyond its cap.

Head office keeps one `CampaignUse` a promotion, written by the one consumer of the sequenced outbox, and sends it to tills with the feed; a till asks `quote` with
the last one it heard. A promise made before the count arrived is honoured; what it cost beyond the cap is this finding.
"""

from dataclasses import dataclass

from stored_value.eligibility import CampaignUse
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, PromotionId
from stored_value.promotions import Cap, Promotion
from stored_value.wallet import ValueKind, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one promotion gave with one top-up, instalments to come included."""

    promotion_id: PromotionId
    bonus_minor: int


def given_by(after: Wallet, top_up_id: EventId) -> tuple[Given, ...]:
    """Which promotions gave with a top-up, read from the wallet just after it."""
    sums: dict[PromotionId, int] = {}
    for lot in after.lots:
        if lot.top_up_id == top_up_id and lot.promotion_id is not None and lot.kind is ValueKind.BONUS:
            sums[lot.promotion_id] = sums.get(lot.promotion_id, 0) + lot.original_minor
    for part in after.loyalty.pending:
        if part.top_up_id == top_up_id:
            sums[part.promotion_id] = sums.get(part.promotion_id, 0) + part.amount_minor
    for held in after.holdings:
        if held.source_id == top_up_id and held.promotion_id is not None:
            sums.setdefault(held.promotion_id, 0)
    return tuple(Given(promotion_id=promotion_id, bonus_minor=bonus) for promotion_id, bonus in sums.items())


def count(before: CampaignUse, given: Given) -> CampaignUse:
    return CampaignUse(times=before.times + 1, bonus_minor=before.bonus_minor + given.bonus_minor)


def beyond_cap(promotion: Promotion, before: CampaignUse, given: Given) -> Finding | None:
    """None while the campaign stays within its cap; else what this top-up cost beyond it."""
    return over_cap(promotion.terms.caps.campaign, before, given)


def over_cap(cap: Cap, before: CampaignUse, given: Given) -> Finding | None:
    """The same where only the cap is at hand."""
    after = count(before, given)
    over = 0
    if cap.times is not None and after.times > cap.times:
        over = given.bonus_minor
    if cap.bonus_minor is not None and after.bonus_minor > cap.bonus_minor:
        over = max(over, min(given.bonus_minor, after.bonus_minor - cap.bonus_minor))
    elif not (cap.times is not None and after.times > cap.times):
        return None
    return Finding(
        FindingCode.CAMPAIGN_BEYOND_CAP,
        {"promotion": given.promotion_id, "bonus_minor": over, "times": after.times},
    )
