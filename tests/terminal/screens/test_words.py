"""Every refusal and every enrolment failure says what happened, why, and what to do, in both languages and with its figures."""

import re

import pytest

from stored_value.events import EVENT_TYPES, TenderKind
from stored_value.identity import PromotionId
from stored_value.promotions import CouponGift, PassGift
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import BonusBearer, Words
from stored_value.topup import Reason, Reward
from stored_value.wallet import HoldingKind, WalletStatus
from terminal.language import Language, Texts
from terminal.screens.enrolment_words import EnrolmentFailure, enrolment_notice
from terminal.screens.refusal_words import SAID
from terminal.screens.top_up_words import reason_text, rewards_beside_bonus
from terminal.screens.words import Notice, explain, kind_name, tender_name, wallet_status
from tests.terminal.receipt_cases import RULEBOOK

LANGUAGES = list(Language)


def is_whole(notice: Notice) -> bool:
    return bool(notice.title and notice.why and notice.remedy and notice.code)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(RefusalCode))
def test_a_refusal_says_what_happened_why_and_what_to_do(code: RefusalCode, language: Language) -> None:
    notice = explain(Refusal(code), Texts(language))
    assert is_whole(notice)
    assert "{" not in notice.title + notice.why + notice.remedy


@pytest.mark.parametrize("code", list(RefusalCode))
def test_a_refusal_is_worded_in_chinese(code: RefusalCode) -> None:
    notice = explain(Refusal(code), Texts(Language.ZH_CN))
    for words in (notice.title, notice.why, notice.remedy):
        assert re.search(r"[\u4e00-\u9fff]", words)


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (Refusal(RefusalCode.BALANCE_TOO_LOW, {"balance_minor": 3_500, "short_minor": 100}), "￥35.00"),
        (Refusal(RefusalCode.OFFLINE_LIMIT, {"limit_minor": 20_000, "left_minor": 4_000}), "￥40.00"),
        (Refusal(RefusalCode.STATIC_CARD_LIMIT, {"limit_minor": 30_000, "left_minor": 1_000}), "￥10.00"),
        (Refusal(RefusalCode.REFUND_TOO_LATE, {"days": 30}), "30"),
        (Refusal(RefusalCode.PIN_DELAYED, {"delay_s": 45}), "45"),
        (Refusal(RefusalCode.COUPON_BELOW_MINIMUM, {"minimum_minor": 10_000, "short_minor": 250}), "￥2.50"),
        (Refusal(RefusalCode.COUPON_EXPIRED, {"coupon": "c5", "until": "2026-05-31"}), "2026-05-31"),
        (Refusal(RefusalCode.PASS_TOO_FEW, {"pass": "wash-10", "left": 1, "short": 2}), "wash-10"),
        (Refusal(RefusalCode.IDENTITY_NEEDED, {"limit_minor": 1_000_000, "topped_up_minor": 990_000}), "￥9,900.00"),
        (Refusal(RefusalCode.PIN_WRONG, {"attempts_left_free": 2}), "2"),
        (Refusal(RefusalCode.PIN_WRONG, {"attempts_left_free": 0, "delay_s": 30}), "30"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_names_its_figures(refusal: Refusal, says: str, language: Language) -> None:
    assert says in explain(refusal, Texts(language)).why


@pytest.mark.parametrize(
    ("remedy", "says"),
    [
        ("replace_card", "请补办新卡，或联系总部恢复。"),
        ("use_survivor", "该卡已合并，请用会员的另一张卡。"),
        ("a remedy from a newer program", "请核对会员身份，并致电总部。"),
    ],
)
def test_what_to_do_follows_the_remedy_that_the_refusal_names(remedy: str, says: str) -> None:
    assert explain(Refusal(RefusalCode.WALLET_NOT_ACTIVE, {"remedy": remedy}), Texts()).remedy == says


@pytest.mark.parametrize(
    ("said", "words", "english"),
    [
        ({"unheard_s": 9_000}, "在建设路店 S02-T1，已失联 2小时。", "It is S02-T1 of 建设路店, not heard of for 2 h."),
        ({"unheard_s": 5}, "该机在线", "which is online: try again in a moment."),
        ({}, "总部从未收到它的消息", "which was never heard of."),
    ],
)
@pytest.mark.parametrize("kept", [{"reserved_minor": 5_000, "left_minor": 100}, {"thing": "c1"}])
def test_what_another_till_keeps_names_it_and_since_when_it_was_not_heard_of(
    said: dict[str, int | str], words: str, english: str, kept: dict[str, int | str]
) -> None:
    data = kept | {"terminal": "S02-T1", "store": "S02", "store_name": "建设路店"} | said
    refusal = Refusal(RefusalCode.RESERVED_ELSEWHERE, data)
    first, second = explain(refusal, Texts(Language.ZH_CN)).why.splitlines()
    assert words in second
    assert first
    assert english in explain(refusal, Texts(Language.EN)).why


def test_no_refusal_has_words_without_a_code() -> None:
    assert set(SAID) == set(RefusalCode)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("failure", list(EnrolmentFailure))
def test_an_enrolment_that_failed_says_what_to_do(failure: EnrolmentFailure, language: Language) -> None:
    assert is_whole(enrolment_notice(failure, Texts(language)))


def test_tenders_states_and_kinds_have_names_of_their_own() -> None:
    texts = Texts()
    tenders = {tender_name(kind, texts) for kind in TenderKind}
    states = {wallet_status(status, texts) for status in WalletStatus}
    kinds = {kind_name(event.kind, texts) for event in EVENT_TYPES}
    assert (len(tenders), len(states)) == (len(TenderKind), len(WalletStatus))
    assert all(re.search(r"[\u4e00-\u9fff]", name) for name in tenders | states | kinds)


@pytest.mark.parametrize(
    ("code", "data", "says"),
    [
        ("given", {}, "首充送50"),
        ("not_first", {"count": 3}, "首充送50：仅限首次充值，已充值 3 次"),
        ("below_minimum", {"from_minor": 10_000}, "首充送50：充满 ￥100.00 可享"),
        ("other_plan", {"pay_minor": 100_000}, "首充送50：充值 ￥1,000.00 并选择该套餐可享"),
        ("amount_differs", {"pay_minor": 100_000}, "首充送50：该套餐金额须为 ￥1,000.00"),
    ],
)
def test_a_promotion_says_in_one_line_why_it_gives_or_not(code: str, data: dict[str, int | str], says: str) -> None:
    name = Words(zh="首充送50", en="50 for the first top-up")
    reason = Reason(promotion_id="p", name=name, given=code == "given", code=code, data=data)  # type: ignore[arg-type]  # ids as text
    assert reason_text(reason, RULEBOOK, Texts()) == says


def test_what_comes_beside_the_bonus_is_said_line_by_line() -> None:
    reward = Reward(
        promotion_id=PromotionId("p"),
        name=Words(zh="充1000", en="Pay 1000"),
        bonus_minor=20_000,
        bearer=BonusBearer.COLLECTING_STORE,
        points=500,
        coupons=(CouponGift(coupon_id="tea", count=2),),
        passes=(PassGift(pass_id="wash", kind=HoldingKind.PASS_USES, quantity=3),),
    )
    lines = ("500 积分", "优惠券 tea 2 张", "次卡 wash 3 次")
    assert rewards_beside_bonus(reward, RULEBOOK, Texts()) == lines
