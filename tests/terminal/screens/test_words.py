"""Every refusal and every enrolment failure says what happened, why, and what to do, in both languages and with its figures."""

import re

import pytest

from stored_value.events import EVENT_TYPES, TenderKind
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Words
from stored_value.topup import Reason
from stored_value.wallet import WalletStatus
from terminal.language import Language, Texts
from terminal.screens.enrolment_words import EnrolmentFailure, enrolment_notice
from terminal.screens.refusal_words import SAID
from terminal.screens.top_up_words import reason_text
from terminal.screens.words import Notice, explain, kind_name, tender_name, wallet_status

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
        (Refusal(RefusalCode.PIN_WRONG, {"attempts_left_free": 2}), "2"),
        (Refusal(RefusalCode.PIN_WRONG, {"attempts_left_free": 0, "delay_s": 30}), "30"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_names_its_figures(refusal: Refusal, says: str, language: Language) -> None:
    assert says in explain(refusal, Texts(language)).why


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
        ("not_first", {"count": 3}, "首充送50：仅限首次充值"),
        ("below_minimum", {"from_minor": 10_000}, "首充送50：满 ￥100 可得"),
        ("other_plan", {"pay_minor": 100_000}, "首充送50：须正好付 ￥1,000"),
        ("amount_differs", {"pay_minor": 100_000}, "首充送50：须正好付 ￥1,000"),
    ],
)
def test_a_promotion_says_in_one_line_why_it_gives_or_not(code: str, data: dict[str, int | str], says: str) -> None:
    name = Words(zh="首充送50", en="50 for the first top-up")
    reason = Reason(promotion_id="p", name=name, given=code == "given", code=code, data=data)  # type: ignore[arg-type]
    assert reason_text(reason, Texts()) == says
