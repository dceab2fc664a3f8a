"""Top-ups: what stops one before the money is taken, and what one does to the wallet: lots for what was paid, and every reward given or promised."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from stored_value.bonus_cost import BonusSource, bearing_of, cost_given
from stored_value.compliance import inflow_findings, refuse_inflow
from stored_value.eligibility import NOT_KNOWN, CampaignUse, ReasonCode, TopUpContext
from stored_value.events import Promise, Tender, ToppedUp
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from stored_value.identity import LotId, PromotionId, StoreId
from stored_value.occasion import Occasion
from stored_value.offline_top_up import leased_as_stated, leased_unstated
from stored_value.points import add_points, last_day, points_for_top_up
from stored_value.postings import Account, Posting
from stored_value.promotions import NO_CAP, NO_CAPS, FixedPlan, Promotion
from stored_value.quote import Quote, Reason, Reward, quote, reward_for_facts
from stored_value.receivables import pay_receivables
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rewards import Granted, give
from stored_value.rulebook import Rulebook
from stored_value.standing import Deed, deed_findings, prolonged, refuse_deed
from stored_value.tendered import tendered
from stored_value.tiers import count_activity, move_tier
from stored_value.wallet import Lot, ValueKind, Wallet

__all__ = [
    "Quote",
    "Reason",
    "Reward",
    "TopUpContext",
    "apply_top_up",
    "bonus_postings",
    "context_at",
    "context_of",
    "promise_of",
    "quote",
    "refuse_top_up",
]


def context_of(event: ToppedUp) -> TopUpContext:
    """The circumstances that an event states. A birthday is not among them: its month, where the member told it, is in the wallet."""
    return context_at(event.occasion, event.tenders)


def context_at(place: Occasion, tenders: Sequence[Tender]) -> TopUpContext:
    return TopUpContext(
        store_id=place.store_id,
        on=place.business_date,
        local_time=place.local_time,
        tenders=frozenset(tender.kind for tender in tenders),
    )


def promise_of(reward: Reward) -> Promise:
    """What a till writes of a reward that it showed."""
    return Promise(
        promotion_id=reward.promotion_id,
        bonus_minor=reward.bonus_minor,
        later_minor=reward.later_minor,
        points=reward.points,
    )


def refuse_top_up(
    wallet: Wallet,
    amount_minor: int,
    tenders: Sequence[Tender],
    plan_id: PromotionId | None,
    rulebook: Rulebook,
    context: TopUpContext = NOT_KNOWN,
) -> Refusal | None:
    """None when the top-up may go ahead. An empty `tenders` is a preview: they are not compared yet."""
    if amount_minor <= 0 or any(tender.amount_minor <= 0 for tender in tenders):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    refused = refuse_deed(wallet, Deed.TOP_UP, context.on or date.min)
    if refused is not None:
        return refused
    paid = sum(tender.amount_minor for tender in tenders)
    if tenders and paid != amount_minor:
        return Refusal(RefusalCode.TENDERS_DISAGREE, {"amount_minor": amount_minor, "tenders_minor": paid})
    if plan_id is not None:
        plan = rulebook.promotion(plan_id)
        if not isinstance(plan, FixedPlan) or plan.pay_minor != amount_minor:
            return Refusal(RefusalCode.PLAN_UNKNOWN, {"plan_id": plan_id})
    inflow = amount_minor + quote(wallet, amount_minor, plan_id, rulebook, context).bonus_minor
    return refuse_inflow(wallet, inflow, tenders, rulebook)


def apply_top_up(
    wallet: Wallet, event: ToppedUp, rulebook: Rulebook, *, provisional_bonus: bool
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """New lots for what was paid and given; receivables are paid first, but not with what the till keeps. A breach is a finding: the money is in the drawer."""
    place = event.occasion
    granted, findings = _granted(wallet, event, rulebook)
    findings.extend(deed_findings(wallet, Deed.TOP_UP, place.business_date))
    postings, odd = tendered(place, event.amount_minor, event.tenders, 1)
    findings.extend(odd)
    lots = [_principal_lot(event, rulebook)]
    postings.append(Posting(place.store_id, Account.PRINCIPAL_LIABILITY, -event.amount_minor))
    for promotion, reward in granted:
        if reward.bonus_minor:
            lots.append(_bonus_lot(event, promotion, reward.bonus_minor, provisional_bonus))
            postings.extend(bonus_postings(place.store_id, promotion, reward.bonus_minor))
    points = points_for_top_up(wallet, event.amount_minor, rulebook, place.business_date)
    wallet = changed(wallet, lots=wallet.lots + tuple(lots), top_up_count=wallet.top_up_count + 1)
    wallet = add_points(wallet, place, points, rulebook.points)
    wallet = give(wallet, place, granted, rulebook)
    wallet = count_activity(wallet, rulebook, place.business_date, topped_up_minor=event.amount_minor)
    wallet = move_tier(wallet, rulebook, place.business_date)
    wallet = prolonged(wallet, rulebook, place.business_date)
    wallet, paying = pay_receivables(leased_as_stated(wallet, event), place.business_date)
    wallet = leased_unstated(wallet, event, rulebook)
    findings.extend(inflow_findings(wallet, event.tenders, rulebook))
    return wallet, postings + paying, findings


def _granted(wallet: Wallet, event: ToppedUp, rulebook: Rulebook) -> tuple[list[Granted], list[Finding]]:
    """What the rulebook gives, and what was promised and the rulebook could have given: an honest promise is kept once per promise, and reported."""
    promises = {promise.promotion_id: promise for promise in event.promised}
    context, used_up = context_of(event), _used_up(rulebook, promises.keys())
    if used_up:
        context = replace(context, campaign_uses=used_up)
    honest = _honest(promises, event, rulebook, context)
    quoted = quote(wallet, event.amount_minor, event.plan_id, rulebook, context, promised=honest)
    unasked = (
        {
            reason.promotion_id: reason
            for reason in quote(wallet, event.amount_minor, quoted.plan_id, rulebook, context).reasons
        }
        if honest
        else {}
    )
    given = {reward.promotion_id: reward for reward in quoted.rewards}
    granted: list[Granted] = []
    findings: list[Finding] = []
    for promotion in rulebook.promotions:
        promotion_id = promotion.promotion_id
        promise = promises.pop(promotion_id, None)
        reward = given.get(promotion_id)
        if reward is not None and promise is not None and promotion_id in honest:
            reward = _as_promised(reward, promise)
            findings.extend(_honoured(reward, unasked[promotion_id]))
        if reward is not None:
            granted.append((promotion, reward))
        if not _agree(promise, reward):
            findings.append(_promise_differs(promotion_id, promise, reward))
    findings.extend(_promise_differs(promise.promotion_id, promise, None) for promise in promises.values())
    return granted, findings


def _used_up(rulebook: Rulebook, promised: Collection[PromotionId]) -> dict[PromotionId, CampaignUse]:
    """A campaign's cap is over all members: only the till knew the count when it quoted. What it did not promise was used up, on every machine and for ever."""
    caps = {
        known.promotion_id: known.terms.caps.campaign
        for known in rulebook.promotions
        if known.terms.caps is not NO_CAPS
    }
    return {
        name: CampaignUse(times=cap.times or 0, bonus_minor=cap.bonus_minor or 0)
        for name, cap in caps.items()
        if cap != NO_CAP and name not in promised
    }


def _honest(
    promises: dict[PromotionId, Promise], event: ToppedUp, rulebook: Rulebook, context: TopUpContext
) -> set[PromotionId]:
    """The promises that the rulebook gives for the facts of the event to some member. A cap in money may have cut one."""
    honest: set[PromotionId] = set()
    for promotion in rulebook.promotions:
        promise = promises.get(promotion.promotion_id)
        if promise is None:
            continue
        plan_id = promotion.promotion_id if event.plan_id is None else event.plan_id
        most = reward_for_facts(promotion, event.amount_minor, plan_id, context)
        if most is None:
            continue
        cut = promotion.terms.caps is not NO_CAPS and promise.bonus_minor + promise.later_minor < most.whole_bonus_minor
        if (promise.bonus_minor, promise.later_minor) == (most.bonus_minor, most.later_minor) or cut:
            honest.add(promotion.promotion_id)
    return honest


def _as_promised(reward: Reward, promise: Promise) -> Reward:
    """The reward with its bonus cut to what was promised; the parts keep their days and the first ones their size."""
    if promise.bonus_minor + promise.later_minor >= reward.whole_bonus_minor:
        return reward
    left = promise.later_minor
    later = []
    for part in reward.later:
        amount = min(part.amount_minor, left)
        left -= amount
        if amount:
            later.append(replace(part, amount_minor=amount))
    return replace(reward, bonus_minor=promise.bonus_minor, later=tuple(later))


def _honoured(reward: Reward, reason: Reason) -> list[Finding]:
    """What an honest promise cost that the member's standing, as head office knows it, would not have given."""
    data: dict[str, int | str] = {"promotion": reward.promotion_id, "bonus_minor": reward.whole_bonus_minor}
    match reason.code:
        case ReasonCode.GIVEN:
            return []
        case ReasonCode.NOT_FIRST:
            return [Finding(FindingCode.FIRST_TOP_UP_REPEATED, data)]
        case ReasonCode.BIRTHDAY_UNKNOWN:
            return [Finding(FindingCode.PROMISE_ON_TRUST, data)]
        case ReasonCode.MEMBER_CAP | ReasonCode.MEMBER_DAY_CAP | ReasonCode.CAMPAIGN_CAP | ReasonCode.GIVEN_UP_TO_CAP:
            would = reason.data.get("given_minor", 0) if reason.code == ReasonCode.GIVEN_UP_TO_CAP else 0
            if would == reward.whole_bonus_minor:
                return []
            return [Finding(FindingCode.PROMISE_BEYOND_CAP, data | {"reason": reason.code})]
        case _:
            return [Finding(FindingCode.PROMISE_HONOURED, data | {"reason": reason.code})]


def _agree(promise: Promise | None, reward: Reward | None) -> bool:
    if promise is None or reward is None:
        return promise is None and reward is None
    return (promise.bonus_minor, promise.later_minor, promise.points) == (
        reward.bonus_minor,
        reward.later_minor,
        reward.points,
    )


def _promise_differs(promotion_id: PromotionId, promise: Promise | None, reward: Reward | None) -> Finding:
    promised = promise.bonus_minor + promise.later_minor if promise is not None else 0
    given = reward.whole_bonus_minor if reward is not None else 0
    return Finding(
        FindingCode.PROMISE_DIFFERS,
        {"promotion": promotion_id, "promised_minor": promised, "given_minor": given},
    )


def _principal_lot(event: ToppedUp, rulebook: Rulebook) -> Lot:
    place = event.occasion
    days = rulebook.life_cycle.principal_valid_days
    return Lot(
        lot_id=LotId(f"{place.event_id}/p"),
        kind=ValueKind.PRINCIPAL,
        store_id=place.store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=event.amount_minor,
        remaining_minor=event.amount_minor,
        expires_on=None if days is None else place.business_date + timedelta(days=days),
        tenders=event.tenders,
    )


def _bonus_lot(event: ToppedUp, promotion: Promotion, bonus_minor: int, provisional: bool) -> Lot:
    place = event.occasion
    return Lot(
        lot_id=LotId(f"{place.event_id}/b/{promotion.promotion_id}"),
        kind=ValueKind.BONUS,
        store_id=place.store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=bonus_minor,
        remaining_minor=bonus_minor,
        promotion_id=promotion.promotion_id,
        expires_on=last_day(place.business_date, promotion.bonus_valid_days),
        provisional=provisional,
        bearing=bearing_of(promotion),
    )


def bonus_postings(collecting: StoreId, promotion: Promotion, bonus_minor: int) -> list[Posting]:
    """A bonus given: its cost in the books of who bears it, the liability with the store that took the money."""
    source = BonusSource(collecting, promotion.promotion_id, bearing_of(promotion))
    return [*cost_given(source, bonus_minor), Posting(collecting, Account.BONUS_LIABILITY, -bonus_minor)]
