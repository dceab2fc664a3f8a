"""Why a promotion gave or did not give, in words that a cashier can read out, in Chinese and English: the same at till, head office and replay.

Never decides anything: codes and figures come from `quote`. A code without words here is a mistake that the tests find.
"""

from collections.abc import Callable, Sequence
from datetime import date

from stored_value.eligibility import ReasonCode, ReasonData
from stored_value.identity import TierId
from stored_value.money import format_yuan
from stored_value.occasion import TenderKind
from stored_value.promotions import CouponGift, PassGift
from stored_value.quote import Quote, Reason, Reward
from stored_value.rulebook import Rulebook
from stored_value.wallet import HoldingKind
from stored_value.words import Words

_WEEKDAYS = {
    "1": Words(zh="周一", en="Monday"),
    "2": Words(zh="周二", en="Tuesday"),
    "3": Words(zh="周三", en="Wednesday"),
    "4": Words(zh="周四", en="Thursday"),
    "5": Words(zh="周五", en="Friday"),
    "6": Words(zh="周六", en="Saturday"),
    "7": Words(zh="周日", en="Sunday"),
}
_TENDERS = {
    TenderKind.CASH: Words(zh="现金", en="cash"),
    TenderKind.WECHAT: Words(zh="微信", en="WeChat Pay"),
    TenderKind.ALIPAY: Words(zh="支付宝", en="Alipay"),
    TenderKind.CARD: Words(zh="银行卡", en="bank card"),
    TenderKind.TRANSFER: Words(zh="转账", en="bank transfer"),
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PASS_UNITS = {
    HoldingKind.PASS_USES: Words(zh="次", en="uses"),
    HoldingKind.PASS_MINUTES: Words(zh="分钟", en="minutes"),
}


def explain(reason: Reason, rulebook: Rulebook) -> Words:
    """One sentence; the promotion's own name stands beside it on a screen."""
    code = ReasonCode(reason.code)
    if code is ReasonCode.WRONG_TIER:
        return _tier(reason.data, rulebook)
    plain = _PLAIN.get(code)
    return plain if plain is not None else _SENTENCES[code](reason.data)


def explain_quote(quoted: Quote, rulebook: Rulebook) -> tuple[Words, ...]:
    """One line a promotion in the rulebook's order: its name, what it gives, or why it does not."""
    rewards = {reward.promotion_id: reward for reward in quoted.rewards}
    lines: list[Words] = []
    for reason in quoted.reasons:
        said = explain(reason, rulebook)
        reward = rewards.get(reason.promotion_id)
        if reward is not None:
            given = describe_reward(reward, rulebook)
            said = (
                given
                if reason.code == ReasonCode.GIVEN
                else Words(zh=f"{given.zh}（{said.zh}）", en=f"{given.en} ({said.en})")
            )
        lines.append(Words(zh=f"{reason.name.zh}：{said.zh}", en=f"{reason.name.en}: {said.en}"))
    return tuple(lines)


def describe_reward(reward: Reward, rulebook: Rulebook) -> Words:
    """What a reward is made of in one line."""
    parts = reward_parts(reward, rulebook)
    return Words(zh="，".join(part.zh for part in parts), en=", ".join(part.en for part in parts))


def reward_parts(reward: Reward, rulebook: Rulebook) -> tuple[Words, ...]:
    """In the order: bonus, instalments, points, coupons, passes, tier."""
    parts: list[Words] = []
    if reward.bonus_minor:
        amount = format_yuan(reward.bonus_minor)
        parts.append(Words(zh=f"赠送 {amount}", en=f"{amount} bonus"))
    if reward.later:
        last, count = reward.later[-1].due_on.isoformat(), len(reward.later)
        amount = format_yuan(reward.later_minor)
        parts.append(
            Words(
                zh=f"另 {amount} 分 {count} 期发放，至 {last}", en=f"{amount} more in {count} instalments until {last}"
            )
        )
    if reward.points:
        parts.append(Words(zh=f"{reward.points} 积分", en=f"{reward.points} points"))
    parts.extend(gift_parts(reward.coupons, reward.passes, rulebook))
    if reward.tier is not None:
        name = _tier_name(reward.tier.tier_id, rulebook)
        parts.append(Words(zh=f"升级为{name.zh}", en=f"{name.en} tier"))
    return tuple(parts)


def gift_parts(coupons: Sequence[CouponGift], passes: Sequence[PassGift], rulebook: Rulebook) -> tuple[Words, ...]:
    """Coupons and passes that are given, one sentence each."""
    parts: list[Words] = []
    for coupon in coupons:
        name = _coupon_name(coupon.coupon_id, rulebook)
        parts.append(Words(zh=f"优惠券 {name.zh} {coupon.count} 张", en=f"{coupon.count} × coupon {name.en}"))
    for gift in passes:
        name, unit = _pass_name(gift.pass_id, rulebook), _PASS_UNITS.get(gift.kind)
        parts.append(
            Words(zh=f"次卡 {name.zh} {gift.quantity} {unit.zh}", en=f"pass {name.en}, {gift.quantity} {unit.en}")
            if unit
            else Words(zh=f"期限卡 {name.zh}", en=f"pass {name.en}")
        )
    return tuple(parts)


def _coupon_name(coupon_id: str, rulebook: Rulebook) -> Words:
    known = rulebook.coupon_type(coupon_id)
    return known.name if known is not None else Words(zh=coupon_id, en=coupon_id)


def _pass_name(pass_id: str, rulebook: Rulebook) -> Words:
    known = rulebook.pass_type(pass_id)
    return known.name if known is not None else Words(zh=pass_id, en=pass_id)


def _tier_name(tier_id: str, rulebook: Rulebook) -> Words:
    tier = rulebook.tier(TierId(tier_id))
    return tier.name if tier is not None else Words(zh=tier_id, en=tier_id)


def _money(data: ReasonData, key: str) -> str:
    return format_yuan(int(data[key]))


def _listed(data: ReasonData, key: str) -> list[str]:
    return str(data[key]).split(",")


def _either(names: list[Words]) -> Words:
    return Words(zh="、".join(name.zh for name in names), en=" or ".join(name.en for name in names))


def _amount(zh: str, en: str, key: str) -> Callable[[ReasonData], Words]:
    """`{}` in both texts is the amount under `key`."""
    return lambda data: Words(zh=zh.format(_money(data, key)), en=en.format(_money(data, key)))


def _text(zh: str, en: str, key: str) -> Callable[[ReasonData], Words]:
    return lambda data: Words(zh=zh.format(data[key]), en=en.format(data[key]))


def _weekday(data: ReasonData) -> Words:
    days = _either([_WEEKDAYS[day] for day in _listed(data, "weekdays")])
    return Words(zh=f"仅限{days.zh}", en=f"only on {days.en}")


def _hours(zh: str, en: str) -> Callable[[ReasonData], Words]:
    def said(data: ReasonData) -> Words:
        hours = _listed(data, "hours")
        return Words(zh=zh.format("、".join(hours)), en=en.format(" or ".join(hours)))

    return said


def _tenders(zh: str, en: str) -> Callable[[ReasonData], Words]:
    def said(data: ReasonData) -> Words:
        names = _either([_TENDERS[TenderKind(kind)] for kind in _listed(data, "tenders")])
        return Words(zh=zh.format(names.zh), en=en.format(names.en))

    return said


def _tier(data: ReasonData, rulebook: Rulebook) -> Words:
    wanted = _either([_tier_name(tier, rulebook) for tier in _listed(data, "tiers")])
    own = _tier_name(str(data["tier"]), rulebook)
    return Words(zh=f"仅限{wanted.zh}会员，当前为{own.zh}", en=f"only for {wanted.en} members; this member is {own.en}")


def _date(zh: str, en: str, key: str) -> Callable[[ReasonData], Words]:
    def said(data: ReasonData) -> Words:
        day = date.fromisoformat(str(data[key]))
        return Words(
            zh=zh.format(f"{day.year}年{day.month}月{day.day}日"),
            en=en.format(f"{day.day} {_MONTHS[day.month - 1]} {day.year}"),
        )

    return said


def _month(data: ReasonData) -> Words:
    month = int(data["month"])
    return Words(
        zh=f"仅限生日当月，会员生日在{month}月", en=f"only in the birthday month, which is {_MONTHS[month - 1]}"
    )


def _cap(who_zh: str, who_en: str) -> Callable[[ReasonData], Words]:
    def said(data: ReasonData) -> Words:
        if "cap_times" in data:
            times = int(data["cap_times"])
            often = "once" if times == 1 else f"{times} times"
            return Words(zh=f"{who_zh}限 {times} 次，已用完", en=f"at most {often} {who_en}, all used")
        amount = _money(data, "cap_minor")
        return Words(zh=f"{who_zh}最多赠送 {amount}，已送完", en=f"at most {amount} bonus {who_en}, all given")

    return said


def _up_to_cap(data: ReasonData) -> Words:
    given, full = _money(data, "given_minor"), _money(data, "full_minor")
    return Words(zh=f"已达活动上限，本应 {full}，可送 {given}", en=f"the limit leaves {given} of {full}")


def _excluded(data: ReasonData) -> Words:
    return Words(zh=f"不与“{data['by_zh']}”同享", en=f"not together with “{data['by_en']}”")


_PLAIN: dict[ReasonCode, Words] = {
    ReasonCode.GIVEN: Words(zh="已享受", en="given"),
    ReasonCode.NOTHING_TO_GIVE: Words(zh="金额太小，赠送不足 1 分", en="the amount is too small to give a fen"),
    ReasonCode.DATE_UNKNOWN: Words(zh="需要营业日期才能判断", en="the business date is needed to tell"),
    ReasonCode.BIRTHDAY_UNKNOWN: Words(
        zh="仅限生日当月，会员未登记生日", en="only in the birthday month; no birthday is on record"
    ),
}
_SENTENCES: dict[ReasonCode, Callable[[ReasonData], Words]] = {
    ReasonCode.GIVEN_UP_TO_CAP: _up_to_cap,
    ReasonCode.OTHER_PLAN: _amount("充值 {} 并选择该套餐可享", "choose this plan and pay {}", "pay_minor"),
    ReasonCode.AMOUNT_DIFFERS: _amount("该套餐金额须为 {}", "this plan costs exactly {}", "pay_minor"),
    ReasonCode.BELOW_MINIMUM: _amount("充满 {} 可享", "from {}", "from_minor"),
    ReasonCode.ABOVE_MAXIMUM: _amount("仅限 {} 以下", "only below {}", "below_minor"),
    ReasonCode.NOT_STARTED: _date("{}起开始", "starts on {}", "from_date"),
    ReasonCode.ENDED: _date("已于{}结束", "ended on {}", "until_date"),
    ReasonCode.WRONG_WEEKDAY: _weekday,
    ReasonCode.TIME_UNKNOWN: _hours("仅限 {}，需要当前时间才能判断", "only {}; the time is needed to tell"),
    ReasonCode.WRONG_HOURS: _hours("仅限 {}", "only {}"),
    ReasonCode.STORE_UNKNOWN: _text(
        "仅限门店 {}，需要门店才能判断", "only in stores {}; the store is needed to tell", "stores"
    ),
    ReasonCode.WRONG_STORE: _text("本店不参加，仅限门店 {}", "not in this store, only in {}", "stores"),
    ReasonCode.TENDER_OPEN: _tenders("全部用{}支付可享", "if all of it is paid by {}"),
    ReasonCode.WRONG_TENDER: _tenders("仅限全部用{}支付", "only when all of it is paid by {}"),
    ReasonCode.NOT_FIRST: _text("仅限首次充值，已充值 {} 次", "only the first top-up; there were {} before", "count"),
    ReasonCode.NOT_BIRTHDAY_MONTH: _month,
    ReasonCode.MEMBER_CAP: _cap("每位会员", "per member"),
    ReasonCode.MEMBER_DAY_CAP: _cap("每位会员每天", "per member and day"),
    ReasonCode.CAMPAIGN_CAP: _cap("活动总共", "in the whole campaign"),
    ReasonCode.EXCLUDED_BY: _excluded,
}
