"""Time and chance as the till sees them, injected everywhere: a real clock, and one that a simulation sets. Owns no policy; that no entry is dated below
the last anchor is the journal's care."""

import os
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic, sleep
from typing import Protocol

from stored_value.identity import uuid7

_ID_RANDOM_BYTES = 10


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC; may be wrong by hours and may jump."""

    def monotonic_s(self) -> float:
        """Seconds that only grow, from an unnamed start."""

    def random_bytes(self, count: int) -> bytes:
        """Secret bytes, for ids, keys and nonces."""

    def wait(self, seconds: float) -> None:
        """Returns when that much time has gone by; only for moments in which the caller has nothing else to do."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return monotonic()

    def random_bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def wait(self, seconds: float) -> None:
        sleep(seconds)


class SimulatedClock:
    """Stands still until it is moved, and gives the same chance for the same seed; for simulations and demos, never for money that is real."""

    def __init__(self, start: datetime, seed: int = 1) -> None:
        self._now = start
        self._monotonic_s = 0.0
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def random_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def wait(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Time goes by on the wall and in truth."""
        self._now += by
        self._monotonic_s += by.total_seconds()

    def set_wall(self, now: datetime) -> None:
        """Somebody sets the machine's clock; no time goes by."""
        self._now = now


def new_id(clock: Clock) -> str:
    """A fresh UUIDv7."""
    return uuid7(clock.now(), clock.random_bytes(_ID_RANDOM_BYTES))
