"""Top-ups: which bonus a member gets and why, what stops a top-up before the money is taken, and what one does to the wallet."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import assert_never

from stored_value.draw import pay_receivables
from stored_value.events import Promise, Tender, ToppedUp
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId, PromotionId, StoreId
from stored_value.postings import Account, Posting, clearing
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import (
    HEAD_OFFICE_STORE,
    BonusBearer,
    FirstTopUp,
    FixedPlan,
    Promotion,
    Rulebook,
    Words,
)
from stored_value.wallet import Lot, ValueKind, Wallet, WalletStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    promotion_id: PromotionId
    name: Words
    bonus_minor: int
    bearer: BonusBearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a promotion gave or did not give. `code`: given | other_plan | amount_differs | not_first | below_minimum; `data` holds the figures."""

    promotion_id: PromotionId
    name: Words
    given: bool
    code: str
    data: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a top-up would give. `plan_id` is the plan it counts under: the chosen one, else the best whose price is exactly the amount."""

    amount_minor: int
    plan_id: PromotionId | None
    rewards: tuple[Reward, ...]
    reasons: tuple[Reason, ...]

    @property
    def bonus_minor(self) -> int:
        return sum(reward.bonus_minor for reward in self.rewards)


def quote(wallet: Wallet, amount_minor: int, plan_id: PromotionId | None, rulebook: Rulebook) -> Quote:
    if plan_id is None:
        matching = [plan for plan in rulebook.plans() if plan.pay_minor == amount_minor]
        plan_id = max(matching, key=lambda plan: plan.bonus_minor).promotion_id if matching else None
    rewards: list[Reward] = []
    reasons: list[Reason] = []
    for promotion in rulebook.promotions:
        reason = _reason(promotion, wallet, amount_minor, plan_id)
        reasons.append(reason)
        if reason.given:
            rewards.append(_reward(promotion))
    return Quote(amount_minor=amount_minor, plan_id=plan_id, rewards=tuple(rewards), reasons=tuple(reasons))


def _reward(promotion: Promotion) -> Reward:
    return Reward(
        promotion_id=promotion.promotion_id,
        name=promotion.name,
        bonus_minor=promotion.bonus_minor,
        bearer=promotion.bearer,
    )


def _reason(promotion: Promotion, wallet: Wallet, amount_minor: int, plan_id: PromotionId | None) -> Reason:
    code, data = "given", dict[str, int | str]()
    match promotion:
        case FixedPlan():
            if promotion.promotion_id != plan_id:
                code, data = "other_plan", {"pay_minor": promotion.pay_minor}
            elif amount_minor != promotion.pay_minor:
                code, data = "amount_differs", {"pay_minor": promotion.pay_minor}
        case FirstTopUp():
            if wallet.top_up_count:
                code, data = "not_first", {"count": wallet.top_up_count}
            elif amount_minor < promotion.from_minor:
                code, data = "below_minimum", {"from_minor": promotion.from_minor}
        case _:
            assert_never(promotion)
    return Reason(promotion_id=promotion.promotion_id, name=promotion.name, given=code == "given", code=code, data=data)


def refuse_top_up(
    wallet: Wallet, amount_minor: int, tenders: Sequence[Tender], plan_id: PromotionId | None, rulebook: Rulebook
) -> Refusal | None:
    """None when the top-up may go ahead. An empty `tenders` is a preview: they are not compared yet."""
    if amount_minor <= 0 or any(tender.amount_minor <= 0 for tender in tenders):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    if wallet.status is not WalletStatus.ACTIVE:
        return Refusal(RefusalCode.WALLET_NOT_ACTIVE, {"status": wallet.status.value})
    paid = sum(tender.amount_minor for tender in tenders)
    if tenders and paid != amount_minor:
        return Refusal(RefusalCode.TENDERS_DISAGREE, {"amount_minor": amount_minor, "tenders_minor": paid})
    if plan_id is not None:
        plan = rulebook.promotion(plan_id)
        if not isinstance(plan, FixedPlan) or plan.pay_minor != amount_minor:
            return Refusal(RefusalCode.PLAN_UNKNOWN, {"plan_id": plan_id})
    limit = rulebook.limits.named_wallet_minor
    after = wallet.total_minor + amount_minor + quote(wallet, amount_minor, plan_id, rulebook).bonus_minor
    if after > limit:
        left = max(0, limit - wallet.total_minor)
        return Refusal(RefusalCode.WALLET_LIMIT, {"limit_minor": limit, "left_minor": left})
    return None


def apply_top_up(
    wallet: Wallet, event: ToppedUp, rulebook: Rulebook, *, provisional_bonus: bool
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """New lots for what was paid and given; receivables are paid first. A breach is a finding: the money is in the drawer."""
    place = event.occasion
    rewards, findings = _granted(wallet, event, rulebook)
    if wallet.status is not WalletStatus.ACTIVE:
        findings.append(Finding(FindingCode.WALLET_NOT_ACTIVE, {"status": wallet.status.value}))
    paid = sum(tender.amount_minor for tender in event.tenders)
    if paid != event.amount_minor:
        findings.append(
            Finding(FindingCode.TENDERS_DISAGREE, {"amount_minor": event.amount_minor, "tenders_minor": paid})
        )
    lots = [_principal_lot(event)]
    postings = [
        Posting(place.store_id, Account.TENDER, tender.amount_minor, tender.kind.value) for tender in event.tenders
    ]
    if paid != event.amount_minor:
        postings.append(Posting(place.store_id, Account.UNEXPLAINED, event.amount_minor - paid))
    postings.append(Posting(place.store_id, Account.PRINCIPAL_LIABILITY, -event.amount_minor))
    for promotion, bonus_minor in rewards:
        lots.append(_bonus_lot(event, promotion, bonus_minor, provisional_bonus))
        postings.extend(bonus_postings(place.store_id, promotion, bonus_minor))
    topped_up = wallet.topped_up_minor + event.amount_minor
    wallet = replace(
        wallet,
        lots=wallet.lots + tuple(lots),
        topped_up_minor=topped_up,
        top_up_count=wallet.top_up_count + 1,
        tier_id=rulebook.tier_for(topped_up).tier_id,
    )
    wallet, paying = pay_receivables(wallet, place.business_date)
    limit = rulebook.limits.named_wallet_minor
    if wallet.total_minor > limit:
        findings.append(Finding(FindingCode.WALLET_LIMIT, {"limit_minor": limit, "balance_minor": wallet.total_minor}))
    return wallet, postings + paying, findings


def _granted(wallet: Wallet, event: ToppedUp, rulebook: Rulebook) -> tuple[list[tuple[Promotion, int]], list[Finding]]:
    """What the rulebook gives, and what was promised and the rulebook could have given: an honest promise is kept once per promise."""
    given = {reward.promotion_id for reward in quote(wallet, event.amount_minor, event.plan_id, rulebook).rewards}
    granted: list[tuple[Promotion, int]] = []
    findings: list[Finding] = []
    promised = {promise.promotion_id: promise for promise in event.promised}
    for promotion in rulebook.promotions:
        promise = promised.pop(promotion.promotion_id, None)
        honest = promise is not None and _could_give(promotion, event.amount_minor) == promise.bonus_minor
        if promotion.promotion_id in given or honest:
            granted.append((promotion, promotion.bonus_minor))
        if honest and promotion.promotion_id not in given and isinstance(promotion, FirstTopUp):
            findings.append(
                Finding(
                    FindingCode.FIRST_TOP_UP_REPEATED,
                    {"promotion": promotion.promotion_id, "bonus_minor": promotion.bonus_minor},
                )
            )
        elif (promise is not None) != (promotion.promotion_id in given) or (promise is not None and not honest):
            findings.append(_promise_differs(promotion.promotion_id, promise, granted))
    findings.extend(_promise_differs(promise.promotion_id, promise, granted) for promise in promised.values())
    return granted, findings


def _promise_differs(
    promotion_id: PromotionId, promise: Promise | None, granted: list[tuple[Promotion, int]]
) -> Finding:
    given = sum(bonus for promotion, bonus in granted if promotion.promotion_id == promotion_id)
    promised = promise.bonus_minor if promise is not None else 0
    return Finding(
        FindingCode.PROMISE_DIFFERS,
        {"promotion": promotion_id, "promised_minor": promised, "given_minor": given},
    )


def _could_give(promotion: Promotion, amount_minor: int) -> int:
    """The most that a promotion gives for an amount, whatever the member's history."""
    match promotion:
        case FixedPlan():
            return promotion.bonus_minor if amount_minor == promotion.pay_minor else 0
        case FirstTopUp():
            return promotion.bonus_minor if amount_minor >= promotion.from_minor else 0
        case _:
            assert_never(promotion)


def _principal_lot(event: ToppedUp) -> Lot:
    place = event.occasion
    return Lot(
        lot_id=LotId(f"{place.event_id}/p"),
        kind=ValueKind.PRINCIPAL,
        store_id=place.store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=event.amount_minor,
        remaining_minor=event.amount_minor,
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
        expires_on=_expiry(place.business_date, promotion.bonus_valid_days),
        provisional=provisional,
    )


def _expiry(acquired_on: date, valid_days: int | None) -> date | None:
    """The last day on which the lot can be spent."""
    return None if valid_days is None else acquired_on + timedelta(days=valid_days)


def bonus_postings(collecting: StoreId, promotion: Promotion, bonus_minor: int) -> list[Posting]:
    """A bonus given: its cost in the bearer's books, the liability with the store that took the money."""
    bearer = collecting if promotion.bearer is BonusBearer.COLLECTING_STORE else StoreId(HEAD_OFFICE_STORE)
    return [
        Posting(bearer, Account.PROMOTION_COST, bonus_minor, promotion.promotion_id),
        *clearing(bearer, collecting, bonus_minor),
        Posting(collecting, Account.BONUS_LIABILITY, -bonus_minor),
    ]
