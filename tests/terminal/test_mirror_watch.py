"""A mirror that is not written is head office's concern once that lasts."""

from datetime import UTC, datetime, timedelta

from sync.till_trouble import MirrorFault
from terminal.clock import SimulatedClock
from terminal.journal.mirror import MirrorStatus
from terminal.mirror_watch import MirrorWatch

LEVEL = MirrorStatus(0)
MISSING = MirrorStatus(3, MirrorFault.MISSING, "no stick")
FULL = MirrorStatus(3, MirrorFault.FULL, "full")


def test_only_a_fault_that_lasts_is_told_and_each_from_its_own_beginning() -> None:
    clock, now = SimulatedClock(datetime(2026, 11, 23, tzinfo=UTC)), [LEVEL]
    watch = MirrorWatch(lambda: now[0], clock)
    told: list[str] = []
    for status, minutes in ((LEVEL, 60), (MISSING, 9), (LEVEL, 1), (MISSING, 9), (MISSING, 1), (FULL, 1), (FULL, 10)):
        now[0] = status
        watch.trouble()
        clock.advance(timedelta(minutes=minutes))
        trouble = watch.trouble()
        told.append(trouble.reason if trouble else "")
    assert told == ["", "", "", "", "mirror_missing", "", "mirror_full"]
