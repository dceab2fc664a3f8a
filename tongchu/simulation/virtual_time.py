"""Time in a simulation: it goes by only when told, for head office and every till at once. A till's own clock may be wrong; its monotonic part is not."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from terminal.clock import SimulatedClock

Happening = Callable[[], None]


class VirtualTime:
    """Call it for the true time; that is head office's clock."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._clocks: list[SimulatedClock] = []

    def __call__(self) -> datetime:
        return self._now

    def clock(self, seed: int) -> SimulatedClock:
        """A till's: right until somebody sets it."""
        clock = SimulatedClock(self._now, seed)
        self._clocks.append(clock)
        return clock

    def pass_by(self, span: timedelta) -> None:
        self._now += span
        for clock in self._clocks:
            clock.advance(span)

    def pass_until(self, at: datetime) -> None:
        """Does nothing when it is later already: what was waited for took longer."""
        if at > self._now:
            self.pass_by(at - self._now)


class Agenda:
    """What is to happen when; ties in the order in which they were entered."""

    def __init__(self) -> None:
        self._due: list[tuple[datetime, int, Happening]] = []
        self._entered = 0

    def enter(self, at: datetime, happening: Happening) -> None:
        self._entered += 1
        heapq.heappush(self._due, (at, self._entered, happening))

    def next_before(self, end: datetime) -> tuple[datetime, Happening] | None:
        """Takes the next one off; None when nothing is due before `end`."""
        if not self._due or self._due[0][0] >= end:
            return None
        at, _, happening = heapq.heappop(self._due)
        return at, happening
