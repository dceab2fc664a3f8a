"""What rewards do to a wallet beside bonus lots: points, coupons, passes, tiers, instalments to come, counts of caps; and taking it back with the top-up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId
from stored_value.loyalty import PendingInstalment, PromotionUse
from stored_value.occasion import Occasion
from stored_value.points import add_points, gift_holdings, take_points
from stored_value.promotions import NO_CAPS, Promotion
from stored_value.quote import Reward
from stored_value.rulebook import Rulebook
from stored_value.tiers import grant_tier
from stored_value.wallet import HoldingKind, ValueKind, Wallet

Granted = tuple[Promotion, Reward]


def give(wallet: Wallet, place: Occasion, granted: Sequence[Granted], rulebook: Rulebook) -> Wallet:
    """Everything but the bonus that comes at once, which lies in lots."""
    for promotion, reward in granted:
        wallet = add_points(wallet, place, reward.points, rulebook.points, promotion.promotion_id)
        gifts = gift_holdings(place, reward.coupons, reward.passes, promotion.promotion_id, promotion.promotion_id)
        if gifts:
            wallet = replace(wallet, holdings=wallet.holdings + gifts)
        if reward.tier is not None:
            days = reward.tier.valid_days
            until = None if days is None else place.business_date + timedelta(days=days)
            wallet = grant_tier(wallet, reward.tier.tier_id, place.event_id, until)
        if reward.later:
            wallet = replace(
                wallet, loyalty=replace(wallet.loyalty, pending=(*wallet.loyalty.pending, *_pending(place, reward)))
            )
        if promotion.terms.caps is not NO_CAPS:
            wallet = _count_use(wallet, place, reward)
    return wallet


def _pending(place: Occasion, reward: Reward) -> tuple[PendingInstalment, ...]:
    return tuple(
        PendingInstalment(
            top_up_id=place.event_id,
            promotion_id=reward.promotion_id,
            store_id=place.store_id,
            number=part.number,
            due_on=part.due_on,
            amount_minor=part.amount_minor,
            rulebook=place.rulebook,
        )
        for part in reward.later
    )


def _count_use(wallet: Wallet, place: Occasion, reward: Reward) -> Wallet:
    """One more use. The day's figures are of the latest business date seen; a late event of an earlier day counts in the total only."""
    known = wallet.loyalty.use(reward.promotion_id)
    day = place.business_date
    if known is None:
        known = PromotionUse(
            promotion_id=reward.promotion_id, times=0, bonus_minor=0, day=day, day_times=0, day_bonus_minor=0
        )
    elif known.day < day:
        known = replace(known, day=day, day_times=0, day_bonus_minor=0)
    bonus_minor = reward.whole_bonus_minor
    of_the_day = known.day == day
    used = replace(
        known,
        times=known.times + 1,
        bonus_minor=known.bonus_minor + bonus_minor,
        day_times=known.day_times + of_the_day,
        day_bonus_minor=known.day_bonus_minor + (bonus_minor if of_the_day else 0),
    )
    others = tuple(use for use in wallet.loyalty.uses if use.promotion_id != reward.promotion_id)
    return replace(wallet, loyalty=replace(wallet.loyalty, uses=(*others, used)))


def rewards_used(wallet: Wallet, top_up_id: EventId) -> int:
    """How many points, coupons and passes of a top-up were used already: while there are any, it is not reversed at the counter."""
    return sum(held.original - held.remaining for held in wallet.holdings if held.source_id == top_up_id)


def take_back_rewards(wallet: Wallet, top_up_id: EventId) -> tuple[Wallet, list[Finding]]:
    """Undoes `give` for a reversed top-up: what is left goes, what was used is reported. The lots of money must still be there to tell the capped uses."""
    findings: list[Finding] = []
    wallet = _uncount_uses(wallet, top_up_id)
    gone = [held for held in wallet.holdings if held.source_id == top_up_id]
    for held in gone:
        if held.kind is HoldingKind.POINTS:
            wallet, missing = take_points(wallet, held.original, held.acquired_on, held.holding_id)
            if missing:
                findings.append(Finding(FindingCode.POINTS_ALREADY_SPENT, {"source": top_up_id, "points": missing}))
        elif held.remaining < held.original:
            data: dict[str, int | str] = {"item": held.item_id, "used": held.original - held.remaining}
            findings.append(Finding(FindingCode.REWARD_ALREADY_USED, data))
    loyalty = wallet.loyalty
    wallet = replace(
        wallet,
        holdings=tuple(
            replace(held, remaining=0) if held.source_id == top_up_id and held.remaining else held
            for held in wallet.holdings
        ),
        loyalty=replace(
            loyalty,
            pending=tuple(part for part in loyalty.pending if part.top_up_id != top_up_id),
            tier_grants=tuple(grant for grant in loyalty.tier_grants if grant.source_id != top_up_id),
        ),
    )
    return wallet, findings


def _uncount_uses(wallet: Wallet, top_up_id: EventId) -> Wallet:
    lots = [lot for lot in wallet.lots if lot.top_up_id == top_up_id]
    given_on = min((lot.acquired_on for lot in lots), default=None)
    pending = [part for part in wallet.loyalty.pending if part.top_up_id == top_up_id]
    held = [own for own in wallet.holdings if own.source_id == top_up_id]
    uses: list[PromotionUse] = []
    for use in wallet.loyalty.uses:
        mine = [lot for lot in lots if lot.promotion_id == use.promotion_id and lot.kind is ValueKind.BONUS]
        later = [part for part in pending if part.promotion_id == use.promotion_id]
        if not mine and not later and not any(own.promotion_id == use.promotion_id for own in held):
            uses.append(use)
            continue
        bonus_minor = sum(lot.original_minor for lot in mine) + sum(part.amount_minor for part in later)
        of_the_day = use.day == given_on
        left = replace(
            use,
            times=use.times - 1,
            bonus_minor=use.bonus_minor - bonus_minor,
            day_times=use.day_times - of_the_day,
            day_bonus_minor=use.day_bonus_minor - (bonus_minor if of_the_day else 0),
        )
        if left.times:
            uses.append(left)
    return replace(wallet, loyalty=replace(wallet.loyalty, uses=tuple(uses)))
