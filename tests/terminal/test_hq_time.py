"""Head office's time as the till reckons it: half a round trip taken off, carried on by monotonic seconds, a set clock noticed at once, also across a restart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from terminal.clock import SimulatedClock
from terminal.hq_time import HqTime
from terminal.journal import Journal
from terminal.journal.head_office import HeadOffice
from tests.terminal.miniature import anchor, opened_journal

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with opened_journal(tmp_path) as opened:
        yield opened


@pytest.fixture
def office(journal: Journal) -> HeadOffice:
    return journal.head_office


def heard(time: HqTime, at: datetime) -> None:
    with time.asking() as tell:
        tell(at)


def test_nothing_is_said_before_head_office_was_heard(office: HeadOffice) -> None:
    assert HqTime(SimulatedClock(START), office).off_by() == timedelta()


def test_half_of_the_round_trip_is_taken_off(office: HeadOffice) -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock, office)
    with time.asking() as tell:
        clock.advance(timedelta(seconds=2))
        tell(START + timedelta(minutes=3, seconds=1))
    assert time.off_by() == -timedelta(minutes=3)


def test_time_that_goes_by_changes_nothing_and_a_set_clock_is_noticed_at_once(office: HeadOffice) -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock, office)
    heard(time, START)
    clock.advance(timedelta(hours=9))
    assert time.off_by() == timedelta()
    clock.set_wall(clock.now() + timedelta(minutes=7))
    assert time.off_by() == timedelta(minutes=7)


def test_head_office_is_told_again_only_when_the_clock_was_set(office: HeadOffice) -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock, office)
    heard(time, START - timedelta(minutes=9))
    time.was_told()
    clock.advance(timedelta(hours=3))
    assert not time.has_moved(), "it is as wrong as it was"
    clock.set_wall(clock.now() - timedelta(minutes=9))
    assert time.has_moved()


def test_an_answer_that_was_long_under_way_says_nothing(office: HeadOffice) -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock, office)
    with time.asking() as tell:
        clock.advance(timedelta(seconds=31))
        tell(START + timedelta(hours=1))
    assert time.off_by() == timedelta()
    assert office.heard is None


def test_how_wrong_the_clock_was_outlives_a_restart_without_a_line(tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    with opened_journal(tmp_path) as journal:
        heard(HqTime(clock, journal.head_office), START - timedelta(minutes=6))
    clock.advance(timedelta(hours=9))
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    assert HqTime(clock, journal.head_office).off_by() == timedelta(minutes=6)
    journal.close()


@pytest.mark.parametrize(("set_to", "off_by"), [(-30, -40), (3, -7), (10, 0), (600, 0)])
def test_a_clock_that_stands_before_what_head_office_said_is_noticed_after_a_restart(
    office: HeadOffice, set_to: int, off_by: int
) -> None:
    """In minutes from the start; head office was heard ten minutes later."""
    heard(HqTime(SimulatedClock(START + timedelta(minutes=10)), office), START + timedelta(minutes=10))
    restarted = SimulatedClock(START + timedelta(minutes=set_to))
    assert HqTime(restarted, office).off_by() == timedelta(minutes=off_by)


def test_an_anchor_is_a_word_on_time_as_well(office: HeadOffice) -> None:
    office.keep_anchor(anchor(START))
    assert HqTime(SimulatedClock(START - timedelta(minutes=4)), office).off_by() == -timedelta(minutes=4)


def test_setting_the_clock_back_takes_no_time_back(office: HeadOffice) -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock, office)
    clock.advance(timedelta(hours=2))
    clock.set_wall(START - timedelta(hours=5))
    assert time.at_least() == START + timedelta(hours=2), "before head office was heard, since the start"
    heard(time, START + timedelta(hours=1))
    clock.advance(timedelta(minutes=1))
    assert time.at_least() == START + timedelta(hours=1, minutes=1), "head office knows better"
