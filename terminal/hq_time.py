"""Owns what head office's clock shows now, as far as the till can tell, and how far the till's own clock is off.

Every answer that is dated by head office sets it; in between the machine's monotonic seconds carry it on, so that setting the wall clock is noticed at once.
Nothing is ordered by it (L1): it warns, and it stops what needs both clocks to agree. Written by the sync thread, read by the counter.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from terminal.clock import Clock

WARN_AT: Final = timedelta(minutes=2)
BLOCK_AT: Final = timedelta(minutes=5)
_ROUND_TRIP_MAX_S: Final = 30.0
"""An answer that was under way for longer says too little."""


@dataclass(frozen=True, slots=True)
class _Heard:
    hq_time: datetime
    monotonic_s: float


class HqTime:
    """Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: _Heard | None = None
        self._told = timedelta()

    @contextmanager
    def asking(self) -> Iterator[Callable[[datetime], None]]:
        """Around one exchange; what it yields takes head office's time out of the answer. Half of the round trip is taken off."""
        asked_at = self._clock.monotonic_s()

        def heard(hq_time: datetime) -> None:
            answered_at = self._clock.monotonic_s()
            if answered_at - asked_at <= _ROUND_TRIP_MAX_S:
                with self._lock:
                    self._heard = _Heard(hq_time, (asked_at + answered_at) / 2)

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
        """How far the till's clock is ahead (+) or behind (-); zero before head office was heard."""
        with self._lock:
            heard = self._heard
        if heard is None:
            return timedelta()
        gone_by = timedelta(seconds=self._clock.monotonic_s() - heard.monotonic_s)
        return self._clock.now() - (heard.hq_time + gone_by)
