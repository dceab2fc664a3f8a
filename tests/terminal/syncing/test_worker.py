"""The worker's pauses and what it says: growing, jittered, bounded, heeding HQ; offline since the first failure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import HqBusy, HqRefused, HqUnreachable, PageError
from terminal.clock import SimulatedClock
from terminal.journal import DiskFull
from terminal.replica import ReplicaUnreadable
from terminal.syncing import CycleReport, SanityMismatch, SyncWorker, TillStopped
from terminal.syncing.errors import EntryTooLarge
from terminal.syncing.pauses import MAX_S
from terminal.syncing.worker import TOLD_POLL_S
from tests.waiting import until

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def raising(error: Exception) -> Callable[[], CycleReport]:
    def cycle() -> CycleReport:
        raise error

    return cycle


def test_pauses_grow_with_chance_and_stay_bounded() -> None:
    worker = SyncWorker(raising(HqUnreachable("no")), SimulatedClock(START))
    pauses = [worker.step() for _ in range(12)]
    for failures, pause in enumerate(pauses):
        full = min(2.0**failures, MAX_S)
        assert full / 2 <= pause <= full
    assert len(set(pauses)) > 8, "two tills must not come back at the same moment"


def test_head_offices_wish_is_heeded() -> None:
    worker = SyncWorker(raising(HqBusy("full", 503, retry_after_s=30)), SimulatedClock(START))
    assert all(30 <= worker.step() <= 60 for _ in range(20)), "never sooner than asked, and not all at once"


@pytest.mark.parametrize("error", [HqUnreachable("no"), HqBusy("full", 503, retry_after_s=4)])
def test_fifty_tills_that_failed_together_do_not_come_back_in_step(error: Exception) -> None:
    """Pain: everybody comes back in the same second, and head office falls again."""
    pauses = sorted(SyncWorker(raising(error), SimulatedClock(START, seed)).step() for seed in range(50))
    width = pauses[-1] - pauses[0]
    assert width >= pauses[0] * 0.4
    tenths = [sum(1 for pause in pauses if int((pause - pauses[0]) / width * 9.99) == tenth) for tenth in range(10)]
    assert max(tenths) <= 14, f"a crowd within a tenth of the time: {tenths}"


def test_offline_is_counted_from_the_first_failure_and_success_ends_it() -> None:
    clock = SimulatedClock(START)
    answers: list[Exception | None] = [None, HqUnreachable("no"), HqUnreachable("no"), None]

    def cycle() -> CycleReport:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return CycleReport(("a rulebook nobody signed",), takes_payment_pins=True)

    worker = SyncWorker(cycle, clock, poll_interval_s=7)
    assert not worker.status().online
    assert worker.step() == 7
    clock.advance(timedelta(minutes=1))
    worker.step()
    clock.advance(timedelta(minutes=1))
    worker.step()
    status = worker.status()
    assert (status.online, status.since, status.last_success_at) == (False, START + timedelta(minutes=1), START)
    worker.step()
    assert worker.status().online
    assert worker.status().since == START + timedelta(minutes=2)
    assert worker.status().rejected == ("a rulebook nobody signed",)
    assert worker.status().last_error == ""


@pytest.mark.parametrize(
    ("is_told", "unsent", "pause_s"), [(False, False, 7), (True, True, 7), (True, False, TOLD_POLL_S)]
)
def test_a_till_that_is_told_of_news_seldom_looks_by_itself_unless_it_has_something_to_say(
    is_told: bool, unsent: bool, pause_s: float
) -> None:
    worker = SyncWorker(
        lambda: CycleReport((), unsent), SimulatedClock(START), poll_interval_s=7, is_told=lambda: is_told
    )
    assert worker.step() == pause_s


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HqUnreachable("x"), "unreachable"),
        (HqBusy("x", 503, 1), "busy"),
        (TillStopped("x"), "stopped"),
        (DiskFull("x"), "storage"),
        (ReplicaUnreadable("x"), "storage"),
        (HqRefused("code", "x", 400), "refused"),
        (HqRefused("protocol_too_new", "x", 400), "protocol_too_new"),
        (PageError("x"), "refused"),
        (SanityMismatch("x"), "differs"),
        (EntryTooLarge("x"), "entry_too_large"),
        (HqRefused("epoch_behind", "x", 409), "epoch_behind"),
    ],
)
def test_every_failure_has_a_code_and_words(error: Exception, code: str) -> None:
    worker = SyncWorker(raising(error), SimulatedClock(START))
    worker.step()
    assert (worker.status().code, worker.status().last_error) == (code, str(error))


def test_a_defect_is_shown_and_the_thread_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def cycle() -> CycleReport:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError("a bug")
        return CycleReport(())

    worker = SyncWorker(cycle, SimulatedClock(START), poll_interval_s=600)
    worker.start()
    try:
        until(lambda: worker.status().code == "defect", what="the defect to show")
        assert "a sync cycle failed by a defect" in caplog.text
        worker.retry_now()
        until(lambda: worker.status().online, what="the next cycle")
    finally:
        assert worker.stop()


def test_what_a_cycle_commits_itself_brings_no_other_cycle() -> None:
    """It sends its own leases; whoever commits on another thread wakes it once."""
    cycles = 0

    def cycle() -> CycleReport:
        nonlocal cycles
        cycles += 1
        worker.wake()
        return CycleReport(())

    worker = SyncWorker(cycle, SimulatedClock(START), poll_interval_s=3600)
    worker.start()
    for wakes in range(1, 11):
        until(lambda wakes=wakes: cycles >= wakes, what="a cycle")  # type: ignore[misc]  # a lambda that binds now
        worker.wake()
    until(lambda: cycles >= 11, what="the last cycle")
    assert worker.stop()
    assert cycles == 11
