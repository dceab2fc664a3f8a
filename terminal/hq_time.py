"""Owns what head office's clock shows now, as far as the till can tell, and how far the till's own clock is off.

Every answer that is dated by head office sets it; in between the machine's monotonic seconds carry it on, so that setting the wall clock is noticed at once. After a restart
without a line the journal says what both clocks showed when head office was heard last. Nothing is ordered by it (L1): it warns, it stops what needs both clocks to agree,
and it ends what lives for hours although the clock was set back. Written by the sync thread, read by the counter.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from terminal.clock import Clock
from terminal.journal import HeardTime
from terminal.journal.head_office import HeadOffice

WARN_AT: Final = timedelta(minutes=2)
BLOCK_AT: Final = timedelta(minutes=5)
_ROUND_TRIP_MAX_S: Final = 30.0
"""An answer that was under way for longer says too little."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A time, and what the monotonic clock showed then."""

    at: datetime
    monotonic_s: float


class HqTime:
    """Thread-safe. `office` remembers across restarts."""

    def __init__(self, clock: Clock, office: HeadOffice) -> None:
        self._clock = clock
        self._office = office
        self._lock = threading.Lock()
        self._began = _Reading(office.not_below_anchor(clock.now()), clock.monotonic_s())
        self._heard: _Reading | None = None
        self._told = timedelta()

    @contextmanager
    def asking(self) -> Iterator[Callable[[datetime], None]]:
        """Around one exchange; what it yields takes head office's time out of the answer, durably. Half of the round trip is taken off."""
        asked_at = self._clock.monotonic_s()

        def heard(hq_time: datetime) -> None:
            answered_at = self._clock.monotonic_s()
            if answered_at - asked_at > _ROUND_TRIP_MAX_S:
                return
            with self._lock:
                self._heard = _Reading(hq_time, (asked_at + answered_at) / 2)
            half_way = timedelta(seconds=(answered_at - asked_at) / 2)
            self._office.keep_heard(HeardTime(hq_time=hq_time + half_way, till_time=self._clock.now()))

        yield heard

    def till_time(self) -> datetime:
        """What the till's own clock shows, to be told to head office."""
        return self._clock.now()

    def was_told(self) -> None:
        """Head office has the till's time, as it is off now."""
        off_by = self.off_by()
        with self._lock:
            self._told = off_by

    def has_moved(self) -> bool:
        """Somebody set the clock since head office was told."""
        with self._lock:
            told = self._told
        return abs(self.off_by() - told) >= WARN_AT

    def off_by(self) -> timedelta:
        """How far the till's clock is ahead (+) or behind (-). Before head office was heard in this run: as it was when heard last, unless it stands where it cannot, before
        what head office has said; zero when nothing is known."""
        with self._lock:
            heard = self._heard
        if heard is not None:
            return self._clock.now() - self._carried_on(heard)
        before, anchor = self._office.heard, self._office.anchor
        off_by = timedelta() if before is None else before.till_time - before.hq_time
        said = [each.hq_time for each in (before, anchor) if each is not None]
        return min(off_by, self._clock.now() - max(said)) if said else off_by

    def at_least(self) -> datetime:
        """What time it is at the earliest, whatever the wall clock was set to since this program began."""
        with self._lock:
            known = self._heard or self._began
        return self._carried_on(known)

    def _carried_on(self, reading: _Reading) -> datetime:
        return reading.at + timedelta(seconds=self._clock.monotonic_s() - reading.monotonic_s)
