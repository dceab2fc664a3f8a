"""The strip's warnings about head office's clock and version, in words."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from stored_value.refusals import Refusal, RefusalCode
from sync.till_trouble import MirrorFault
from terminal.counter.views import TillStatus
from terminal.journal.mirror import MirrorStatus
from terminal.language import Language
from terminal.screens.navigation import Home
from terminal.screens.strip_presenter import StripPresenter
from terminal.screens.words import explain
from terminal.stops import StopCode
from terminal.troubles import Trouble
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.stand_in import NOW, OFFLINE, STATUS


@pytest.mark.parametrize(("off_s", "word"), [(0, ""), (420, "时钟快 7 分钟"), (-130, "时钟慢 2 分钟")])
def test_a_wrong_clock_is_said_with_its_minutes(off_s: int, word: str) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(STATUS, clock_off_s=off_s)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    clocks = [chip.word for chip in strip.build().chips if chip.icon == "clock"]
    assert clocks == ([word] if word else [])


@pytest.mark.parametrize(
    ("language", "as_of", "word"),
    [
        (Language.ZH_CN, NOW - timedelta(days=3, hours=2), "断网 3天"),
        (Language.EN, NOW - timedelta(days=3, hours=2), "Offline 3 d"),
        (Language.ZH_CN, NOW - timedelta(seconds=40), "断网 40秒"),
        (Language.ZH_CN, None, "断网"),
    ],
)
def test_without_a_line_it_is_said_how_old_the_balances_are(
    language: Language, as_of: datetime | None, word: str
) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(OFFLINE, replica_as_of=as_of)
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    assert [chip.word for chip in strip.build().chips if chip.icon == "wifi-off"] == [word]


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.ZH_CN, "本机版本过旧，请联系技术员升级"), (Language.EN, "This till is too old: have it updated")],
)
def test_a_till_that_is_too_old_is_told_so(language: Language, said: str) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(OFFLINE, trouble=Trouble.TILL_OLDER)
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    assert strip.build().sentence == said


@pytest.mark.parametrize(("language", "said"), [(Language.ZH_CN, "付款码停用"), (Language.EN, "no pay codes")])
def test_from_five_minutes_on_the_strip_says_that_pay_codes_are_not_taken(language: Language, said: str) -> None:
    bench = Bench(Home())
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    for state in (STATUS, OFFLINE):
        bench.counter.state = replace(state, clock_off_s=-420, pay_codes_blocked=True)
        strip.refresh()
        assert said in strip.build().sentence
        assert strip.build().alarm == "offline"
    bench.counter.state = replace(STATUS, clock_off_s=-420, pay_codes_blocked=True, trouble=Trouble.DIFFERS)
    strip.refresh()
    assert [chip.icon for chip in strip.build().chips].count("clock") == 1, "where the sentence says something else"
    bench.counter.state = replace(STATUS, clock_off_s=-180)
    strip.refresh()
    assert strip.build().sentence == ""


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("language", Language)
def test_each_trouble_is_said_in_words_of_its_own_also_while_online(language: Language, trouble: Trouble) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(STATUS, trouble=trouble)
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    said = strip.build()
    assert said.alarm == "offline"
    assert "call" in said.sentence or "update" in said.sentence or "请" in said.sentence, "and what to do"
    assert said.sentence.isascii() is (language is Language.EN)


def test_an_older_head_office_is_said_before_anything_else_about_being_offline() -> None:
    bench = Bench(Home())
    bench.counter.state = replace(OFFLINE, trouble=Trouble.HQ_OLDER)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    assert strip.build().sentence == "总部版本较旧，请总部升级"


@pytest.mark.parametrize(
    ("mirror", "word", "attention"),
    [
        (None, "", False),
        (MirrorStatus(0), "", False),
        (MirrorStatus(None), "", False),
        (MirrorStatus(3), "镜像落后 3 笔", False),
        (MirrorStatus(None, MirrorFault.MISSING, "x"), "镜像未接", True),
        (MirrorStatus(12, MirrorFault.FULL, "x"), "镜像盘满", True),
        (MirrorStatus(0, MirrorFault.FOREIGN, "x"), "镜像不符", True),
        (MirrorStatus(0, MirrorFault.FAILED, "x"), "镜像故障", True),
    ],
)
def test_how_far_the_mirror_lags_or_why_it_is_not_written_is_on_the_strip(
    mirror: MirrorStatus | None, word: str, attention: bool
) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(STATUS, mirror=mirror)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    found = [(chip.word, chip.attention) for chip in strip.build().chips if chip.icon == "copy"]
    assert found == ([(word, attention)] if word else [])


def test_beside_a_sentence_what_is_well_makes_room_for_what_is_not() -> None:
    bench = Bench(Home())
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)

    def icons(status: TillStatus) -> list[str]:
        bench.counter.state = status
        strip.refresh()
        return [chip.icon for chip in strip.build().chips]

    well, ill = ["wifi", "cloud-check", "printer", "scan"], ["wifi-off", "cloud-upload", "printer-off", "scan"]
    assert icons(replace(STATUS, findings_open=2)) == [*well, "flag"]
    assert icons(OFFLINE) == ill
    assert icons(replace(OFFLINE, findings_open=2)) == [*ill[:3], "flag"], "paper is out, the scanner is well"


@pytest.mark.parametrize("code", StopCode)
@pytest.mark.parametrize("language", Language)
def test_why_a_till_is_stopped_is_said_on_the_strip_and_by_each_refusal(language: Language, code: StopCode) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(
        STATUS, stopped_reason="盘点" if language is Language.ZH_CN else "stock", stop_code=code
    )
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    shown = strip.build()
    reason = bench.counter.state.stopped_reason or ""
    refusal = explain(Refusal(RefusalCode.TILL_STOPPED, {"why": code, "reason": reason}), bench.texts)
    assert shown.alarm == "stopped"
    for said in (shown.sentence, refusal.why, refusal.remedy):
        assert said.isascii() is (language is Language.EN)
    is_free_text = code in {StopCode.BY_HEAD_OFFICE, StopCode.REVOKED}
    for said in (shown.sentence, refusal.why):
        assert (reason in said) is is_free_text, "what people at head office wrote, and no words for technicians"


def test_a_stop_without_a_reason_is_said_all_the_same() -> None:
    bench = Bench(Home())
    bench.counter.state = replace(STATUS, stopped_reason="", stop_code=StopCode.BY_HEAD_OFFICE)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    assert strip.build().sentence == "本机已停用，请用别的收银机，并致电总部"


@pytest.mark.parametrize(
    ("language", "before", "said"),
    [
        (Language.ZH_CN, "请在 5 小时内交班", "请先交班：本班次已不能收付款"),
        (Language.EN, "Close shift: 5 h left", "Close the shift: it takes no money"),
    ],
)
def test_a_shift_that_has_to_be_closed_is_said_before_and_when_it_takes_no_money(
    language: Language, before: str, said: str
) -> None:
    bench = Bench(Home())
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    for left_s, sentence in ((None, ""), (5 * 3600 + 60, ""), (0, said)):
        bench.counter.state = replace(STATUS, shift_left_s=left_s)
        strip.refresh()
        view = strip.build()
        assert [chip.word for chip in view.chips if chip.word == before] == ([before] if left_s else [])
        assert view.sentence == sentence
