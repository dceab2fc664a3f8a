"""The strip's warnings about head office's clock and version, in words."""

from dataclasses import replace

import pytest

from terminal.language import Language
from terminal.screens.navigation import Home
from terminal.screens.strip_presenter import StripPresenter
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.stand_in import OFFLINE, STATUS


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
    ("language", "said"),
    [(Language.ZH_CN, "本机版本过旧，请联系技术员升级"), (Language.EN, "This till is too old: have it updated")],
)
def test_a_till_that_is_too_old_is_told_so(language: Language, said: str) -> None:
    bench = Bench(Home())
    bench.counter.state = replace(OFFLINE, is_till_older=True)
    bench.texts.use(language)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    assert strip.build().sentence == said


def test_an_older_head_office_is_said_before_anything_else_about_being_offline() -> None:
    bench = Bench(Home())
    bench.counter.state = replace(OFFLINE, is_hq_older=True)
    strip = bench.front.strip
    assert isinstance(strip, StripPresenter)
    strip.refresh()
    assert strip.build().sentence == "总部版本较旧，请总部升级"
