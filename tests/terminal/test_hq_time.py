"""Head office's time as the till reckons it: half a round trip taken off, carried on by monotonic seconds, a set clock noticed at once."""

from datetime import UTC, datetime, timedelta

from terminal.clock import SimulatedClock
from terminal.hq_time import HqTime

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_nothing_is_said_before_head_office_was_heard() -> None:
    assert HqTime(SimulatedClock(START)).off_by() == timedelta()


def test_half_of_the_round_trip_is_taken_off() -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock)
    with time.asking() as heard:
        clock.advance(timedelta(seconds=2))
        heard(START + timedelta(minutes=3, seconds=1))
    assert time.off_by() == -timedelta(minutes=3)


def test_time_that_goes_by_changes_nothing_and_a_set_clock_is_noticed_at_once() -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock)
    with time.asking() as heard:
        heard(START)
    clock.advance(timedelta(hours=9))
    assert time.off_by() == timedelta()
    clock.set_wall(clock.now() + timedelta(minutes=7))
    assert time.off_by() == timedelta(minutes=7)


def test_head_office_is_told_again_only_when_the_clock_was_set() -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock)
    with time.asking() as heard:
        heard(START - timedelta(minutes=9))
    time.was_told()
    clock.advance(timedelta(hours=3))
    assert not time.has_moved(), "it is as wrong as it was"
    clock.set_wall(clock.now() - timedelta(minutes=9))
    assert time.has_moved()


def test_an_answer_that_was_long_under_way_says_nothing() -> None:
    clock = SimulatedClock(START)
    time = HqTime(clock)
    with time.asking() as heard:
        clock.advance(timedelta(seconds=31))
        heard(START + timedelta(hours=1))
    assert time.off_by() == timedelta()
