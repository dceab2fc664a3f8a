"""What head office found: every code has plain words, each finding leads to its own, and the way there is from home while there is something."""

from dataclasses import replace

import pytest

from stored_value.findings import INFORMATIVE, FindingCode
from terminal.language import Language
from terminal.screens.finding_words import SAID, finding_said
from terminal.screens.navigation import Findings, Home
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.stand_in import STATUS
from tests.terminal.screens.stand_in_findings import FOUND


def test_every_finding_that_somebody_should_know_has_plain_words() -> None:
    assert set(FindingCode) - INFORMATIVE - set(SAID) == set()


@pytest.mark.parametrize("language", list(Language))
def test_what_is_not_known_is_said_too(language: Language) -> None:
    texts = Bench(Home()).texts
    texts.use(language)
    unknown, silent = finding_said("of_tomorrow", texts), finding_said("", texts)
    assert unknown != silent
    assert all(unknown)
    assert all(silent)


def test_each_finding_is_listed_with_its_receipt_and_leads_to_its_words() -> None:
    bench = Bench(Findings())
    view = bench.view("findings")
    assert [row.detail.split(" · ")[-1] for row in view.rows] == [
        "S01-T1-000039",
        "S01-T1-000039",
        "S01-T1-000031",
        "S01-T1-000009",
        "S01-T1-000012",
    ]
    assert (view.heading, view.to_do_label) == ("扣款超过会员余额", "怎么办")
    bench.presenter("findings").choose(3)
    view = bench.view("findings")
    assert view.heading == "总部无法完整读取这一笔"
    assert [row.chosen for row in view.rows] == [False, False, False, True, False]


def test_of_what_was_settled_it_says_how_and_when_in_place_of_what_to_do() -> None:
    bench = Bench(Findings())
    bench.presenter("findings").choose(4)
    view = bench.view("findings")
    assert [row.settled for row in view.rows] == [False, False, False, False, True]
    assert view.rows[4].detail.startswith("已处理 · ")
    assert (view.to_do_label, view.to_do) == (
        "总部处理结果",
        "已与会员核对：两张卡合并，旧卡已收回，余额在新卡上。",
    )
    assert view.footnote == "已于 2026-11-20 处理完毕，这里无须再做什么。"


@pytest.mark.parametrize("code", ["original_unknown", "cash_out_uncovered", "another_tills_entry", "overdraft"])
def test_it_does_not_say_that_all_stands_where_nothing_was_booked(code: str) -> None:
    bench = Bench(Home())
    bench.counter.found = (replace(FOUND[0], code=code),)
    bench.navigator.go(Findings())
    stands = "一律照记录入账，由总部处理。"
    assert bench.view("findings").footnote == (stands if code == "overdraft" else "该笔未入账，由总部处理。")


def test_with_nothing_found_the_screen_says_so() -> None:
    bench = Bench(Home())
    bench.counter.found = ()
    bench.navigator.go(Findings())
    view = bench.view("findings")
    assert (view.rows, view.heading, view.empty) == ((), "", "没有待核查项")


def test_home_leads_there_while_there_is_something() -> None:
    bench = Bench(Home())
    assert bench.view("home").findings == ""
    bench.counter.state = replace(STATUS, findings_open=3)
    bench.navigator.go(Home())
    assert (bench.view("home").findings, bench.view("home").findings_icon) == ("3 笔待处理", "flag")
    bench.presenter("home").open("findings")
    assert bench.at(Findings)


def test_home_tells_of_what_was_settled_lately_while_nothing_is_open() -> None:
    bench = Bench(Home())
    bench.counter.state = replace(STATUS, findings_settled=2)
    bench.navigator.go(Home())
    assert (bench.view("home").findings, bench.view("home").findings_icon) == ("2 笔已处理", "circle-check")
