"""The lint of a rulebook that parses: rules that can never give, that overlap without a word on which goes first, that give more than a stated share, dates in the past,
tiers nobody can reach. A mistake stops publishing, a warning is for a person to judge. Called by `tongchu rulebook check` and by head office before it publishes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations, pairwise

from stored_value.identity import PromotionId
from stored_value.loyalty_policy import TierMeasure
from stored_value.money import floor_share, format_yuan
from stored_value.promotions import Conditions, FirstTopUp, FixedPlan, FromAmount, Ladder, PerStep, Promotion
from stored_value.quote import benefits_of
from stored_value.rulebook import Rulebook
from stored_value.tiers import threshold_minor
from stored_value.words import Words

_ALL_BASIS_POINTS = 10_000


class Severity(StrEnum):
    MISTAKE = "mistake"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """`on` is the day of checking. `share_at_most` is in basis points of the amount paid; `yearly_minor` what one member can be thought to top up or spend in a year."""

    on: date
    share_at_most: int = 5_000
    yearly_minor: int = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """`path` is where in the document, `code` is stable, `says` is for people, with what to do."""

    severity: Severity
    code: str
    path: str
    says: Words


def check_rulebook(book: Rulebook, options: CheckOptions) -> tuple[Complaint, ...]:
    """In the order of the document; the same complaints, but for their places, in whatever order promotions are listed."""
    found: list[Complaint] = []
    for place, promotion in enumerate(book.promotions):
        path = f"promotions[{place}]"
        found += _impossible(book, promotion, path)
        found += _past(promotion, path, options)
        found += _share(promotion, path, options)
        found += _shrinking(promotion, path)
        found += _bearing(promotion, path)
    found += _pairs(book)
    found += _tiers(book, options)
    return tuple(found)


def mistakes(complaints: tuple[Complaint, ...]) -> tuple[Complaint, ...]:
    return tuple(complaint for complaint in complaints if complaint.severity is Severity.MISTAKE)


def _mistake(code: str, path: str, zh: str, en: str) -> Complaint:
    return Complaint(severity=Severity.MISTAKE, code=code, path=path, says=Words(zh=zh, en=en))


def _warning(code: str, path: str, zh: str, en: str) -> Complaint:
    return Complaint(severity=Severity.WARNING, code=code, path=path, says=Words(zh=zh, en=en))


def _impossible(book: Rulebook, promotion: Promotion, path: str) -> Iterator[Complaint]:
    asked = promotion.terms.conditions
    inner = f"{path}.terms.conditions"
    if asked.from_date and asked.until_date and asked.from_date > asked.until_date:
        yield _mistake(
            "dates_reversed",
            inner,
            "结束日期早于开始日期，永远不会生效；请改日期",
            "ends before it starts and never gives; correct the dates",
        )
    elif asked.weekdays and asked.from_date and asked.until_date and not _has_weekday(asked):
        yield _mistake(
            "no_such_weekday",
            inner,
            "活动期间没有所选的星期；请改日期或星期",
            "has none of its weekdays between its dates; correct one of them",
        )
    known = {str(tier.tier_id) for tier in book.tiers}
    wanted = {str(tier_id) for tier_id in asked.tiers}
    if wanted and not wanted & known:
        yield _mistake(
            "tier_unknown",
            f"{inner}.tiers",
            "所列等级都不存在，无人可享；请改等级",
            "names no tier of this rulebook, so nobody gets it; name one of them",
        )
    elif wanted - known:
        names = ",".join(sorted(wanted - known))
        yield _mistake(
            "tier_unknown",
            f"{inner}.tiers",
            f"等级 {names} 不存在；请删除或更正",
            f"names {names}, no tier of this rulebook; remove or correct it",
        )
    if (
        (asked.first_only or isinstance(promotion, FirstTopUp))
        and wanted
        and book.tiers[0].tier_id not in wanted
        and _by_top_up(book)
    ):
        yield _mistake(
            "first_above_lowest_tier",
            inner,
            "首充会员必为最低等级，此条件永不成立；请去掉其一",
            "a first top-up comes from the lowest tier, so this never gives; drop one of the two",
        )
    yield from _no_amount(book, promotion, path)
    for gift in _tier_gifts(promotion):
        if gift not in known:
            yield _mistake(
                "tier_unknown",
                path,
                f"赠送的等级 {gift} 不存在；请更正",
                f"gives {gift}, no tier of this rulebook; correct it",
            )
    yield from _unknown_gifts(book, promotion, path)


def _no_amount(book: Rulebook, promotion: Promotion, path: str) -> Iterator[Complaint]:
    if (
        isinstance(promotion, FromAmount)
        and promotion.below_minor is not None
        and promotion.below_minor <= promotion.from_minor
    ):
        yield _mistake(
            "range_empty",
            path,
            "below_minor 不大于 from_minor，没有金额可享；请改金额",
            "fits no amount: below_minor is not above from_minor; correct them",
        )
    least = _least_minor(promotion)
    if least > book.limits.named_wallet_minor:
        yield _mistake(
            "above_wallet_limit",
            path,
            f"起充 {format_yuan(least)} 超过单卡限额，无人可充；请降低",
            f"starts at {format_yuan(least)}, above what a wallet may hold; lower it",
        )


def _by_top_up(book: Rulebook) -> bool:
    return book.tier_policy.measure is TierMeasure.TOP_UP


def _has_weekday(asked: Conditions) -> bool:
    assert asked.from_date is not None
    assert asked.until_date is not None
    days = min((asked.until_date - asked.from_date).days + 1, 7)
    return any((asked.from_date.isoweekday() - 1 + ahead) % 7 + 1 in asked.weekdays for ahead in range(days))


def _least_minor(promotion: Promotion) -> int:
    match promotion:
        case FixedPlan():
            return promotion.pay_minor
        case FirstTopUp() | FromAmount():
            return max(1, promotion.from_minor)
        case PerStep():
            return promotion.step_minor
        case Ladder():
            return promotion.rungs[0].from_minor


def _amounts(promotion: Promotion) -> list[int]:
    """The amounts at which a promotion is most generous: each least amount of a step or a rung."""
    if isinstance(promotion, Ladder):
        return [rung.from_minor for rung in promotion.rungs]
    return [_least_minor(promotion)]


def _tier_gifts(promotion: Promotion) -> set[str]:
    given = (benefits_of(promotion, amount).tier for amount in _amounts(promotion))
    return {str(gift.tier_id) for gift in given if gift is not None}


def _unknown_gifts(book: Rulebook, promotion: Promotion, path: str) -> Iterator[Complaint]:
    """Coupons and passes that the rulebook does not describe could never be used."""
    coupons, passes = {known.coupon_id for known in book.coupons}, {known.pass_id: known for known in book.passes}
    for amount in _amounts(promotion):
        benefits = benefits_of(promotion, amount)
        for coupon in benefits.coupons:
            if coupon.coupon_id not in coupons:
                yield _mistake(
                    "coupon_unknown",
                    path,
                    f"优惠券 {coupon.coupon_id} 未定义；请先定义",
                    f"gives coupon {coupon.coupon_id}, which this rulebook does not describe; add it",
                )
        for gift in benefits.passes:
            known = passes.get(gift.pass_id)
            if known is None or known.kind is not gift.kind:
                yield _mistake(
                    "pass_unknown",
                    path,
                    f"次卡 {gift.pass_id} 未定义或类型不符；请先定义",
                    f"gives pass {gift.pass_id}, which this rulebook does not describe so; add it",
                )


def _past(promotion: Promotion, path: str, options: CheckOptions) -> Iterator[Complaint]:
    until = promotion.terms.conditions.until_date
    if until is not None and until < options.on:
        yield _warning(
            "ended",
            f"{path}.terms.conditions.until_date",
            f"已于 {until} 结束；请删除或延期",
            f"ended on {until}; remove it or prolong it",
        )


def _share(promotion: Promotion, path: str, options: CheckOptions) -> Iterator[Complaint]:
    for amount in _amounts(promotion):
        bonus_minor = benefits_of(promotion, amount).bonus_minor
        if bonus_minor > floor_share(amount, options.share_at_most, _ALL_BASIS_POINTS):
            percent = bonus_minor * 100 // max(1, amount)
            yield _warning(
                "share_too_large",
                path,
                f"充 {format_yuan(amount)} 送 {format_yuan(bonus_minor)}，达 {percent}%，超过上限；请核对小数点",
                f"gives {format_yuan(bonus_minor)} for {format_yuan(amount)}, {percent} %, more than the stated share; look at the decimal point",
            )


def _bearing(promotion: Promotion, path: str) -> Iterator[Complaint]:
    shares = promotion.borne_by
    if shares is None:
        return
    if not shares.is_whole:
        yield _mistake(
            "shares_not_whole",
            f"{path}.borne_by",
            f"各方承担比例合计 {shares.total}%，应为 100%；请更正",
            f"is borne to {shares.total} % in all; write shares that come to 100",
        )
    elif not shares.collecting_store and shares.serving_store:
        yield _warning(
            "collecting_store_bears_nothing",
            f"{path}.borne_by",
            "收款门店不承担任何赠送，由别店买单；请确认这是本意",
            "costs the store that sells it nothing, while others pay; make sure that this is meant",
        )


def _shrinking(promotion: Promotion, path: str) -> Iterator[Complaint]:
    if not isinstance(promotion, Ladder):
        return
    for place, (lower, higher) in enumerate(pairwise(promotion.rungs)):
        less = benefits_of(promotion, higher.from_minor - 1).bonus_minor
        if benefits_of(promotion, higher.from_minor).bonus_minor < less:
            yield _mistake(
                "ladder_shrinks",
                f"{path}.rungs[{place + 1}]",
                f"充 {format_yuan(higher.from_minor)} 反而少于 {format_yuan(lower.from_minor)} 档；请改金额",
                f"gives less from {format_yuan(higher.from_minor)} than just below it; correct the amounts",
            )


def _pairs(book: Rulebook) -> Iterator[Complaint]:
    numbered = list(enumerate(book.promotions))
    for (place, one), (_, other) in combinations(numbered, 2):
        shared = sorted(set(one.terms.groups) & set(other.terms.groups))
        path = f"promotions[{place}]"
        names = f"{one.promotion_id}, {other.promotion_id}"
        if shared and one.terms.priority == other.terms.priority:
            yield _mistake(
                "equal_priority",
                f"{path}.terms.priority",
                f"互斥组 {shared[0]} 中 {names} 优先级相同；请给出高低",
                f"{names} share group {shared[0]} and a priority; say which goes first",
            )
        if isinstance(one, FixedPlan) and isinstance(other, FixedPlan):
            if (one.pay_minor, one.bonus_minor, one.terms) == (other.pay_minor, other.bonus_minor, other.terms):
                yield _mistake(
                    "plan_twice", path, f"{names} 金额与赠送相同；请删除其一", f"{names} are the same plan; remove one"
                )
        elif not shared and _overlap(one, other):
            yield _warning(
                "overlap",
                path,
                f"{names} 会同时赠送；若非本意请设互斥组",
                f"{names} give together; if that is not meant, put them into one exclusion group",
            )


def _overlap(one: Promotion, other: Promotion) -> bool:
    """Both give money to every top-up of some amount, in circumstances that can meet. A first top-up is meant to stack (首充)."""
    special = (one, other)
    if any(isinstance(each, FirstTopUp) or each.terms.conditions.first_only for each in special):
        return False
    if not all(any(benefits_of(each, amount).bonus_minor for amount in _amounts(each)) for each in special):
        return False
    return _amounts_meet(one, other) and _circumstances_meet(one.terms.conditions, other.terms.conditions)


def _range(promotion: Promotion) -> tuple[int, int | None]:
    """The amounts that fit: from the first to below the second."""
    least = _least_minor(promotion)
    if isinstance(promotion, FixedPlan):
        return least, least + 1
    return least, promotion.below_minor if isinstance(promotion, FromAmount) else None


def _amounts_meet(one: Promotion, other: Promotion) -> bool:
    (first, first_end), (second, second_end) = _range(one), _range(other)
    return (first_end is None or second < first_end) and (second_end is None or first < second_end)


def _circumstances_meet(one: Conditions, other: Conditions) -> bool:
    late = max((day for day in (one.from_date, other.from_date) if day), default=None)
    early = min((day for day in (one.until_date, other.until_date) if day), default=None)
    if late and early and late > early:
        return False
    pairs: tuple[tuple[tuple[object, ...], tuple[object, ...]], ...] = (
        (one.weekdays, other.weekdays),
        (one.stores, other.stores),
        (one.tiers, other.tiers),
        (one.tenders, other.tenders),
    )
    return all(not mine or not theirs or set(mine) & set(theirs) for mine, theirs in pairs)


def _tiers(book: Rulebook, options: CheckOptions) -> Iterator[Complaint]:
    gifts: set[str] = set().union(*(_tier_gifts(promotion) for promotion in book.promotions))
    days = book.tier_policy.window_days
    most = options.yearly_minor if days is None else floor_share(options.yearly_minor, min(days, 365), 365)
    for place, tier in enumerate(book.tiers):
        needed = threshold_minor(tier, book.tier_policy)
        if needed > most and tier.tier_id not in gifts:
            yield _warning(
                "tier_out_of_reach",
                f"tiers[{place}]",
                f"{tier.name.zh} 需 {format_yuan(needed)}，期间内无人可达；请降低或放宽期间",
                f"{tier.name.en} needs {format_yuan(needed)} in a time in which a member comes to {format_yuan(most)}; lower it or widen the window",
            )
    if (
        not book.points.spend_points
        and not book.points.top_up_points
        and book.points.rewards
        and not _points_given(book)
    ):
        yield _warning(
            "points_never_earned",
            "points.rewards",
            "积分无处获得，兑换品无人可换；请设积分规则",
            "nobody can earn points for these rewards; state what earns them",
        )


def _points_given(book: Rulebook) -> set[PromotionId]:
    return {
        promotion.promotion_id
        for promotion in book.promotions
        if any(benefits_of(promotion, amount).points for amount in _amounts(promotion))
    }
