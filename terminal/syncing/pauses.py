"""Owns how long a till waits after head office did not answer: growing, and never in step with other tills (backpressure)."""

from typing import Final

from sync.errors import HqBusy
from terminal.clock import Clock

FIRST_S: Final = 1.0
MAX_S: Final = 60.0
_CHANCE_BYTES: Final = 2


def pause_s(error: Exception, failures: int, clock: Clock, *, first_s: float = FIRST_S, max_s: float = MAX_S) -> float:
    """After so many failures in a row, at least one. Doubling, each drawn between half of it and all of it; never sooner than head office wishes, and not all at the moment that it
    names."""
    full_s = min(first_s * 2.0 ** min(failures - 1, 16), max_s)
    chance = chance_of(clock)
    drawn_s = full_s * (0.5 + chance / 2)
    if isinstance(error, HqBusy):
        return max(drawn_s, error.retry_after_s * (1 + chance / 2))
    return drawn_s


def chance_of(clock: Clock) -> float:
    """From 0 up to 1."""
    return int.from_bytes(clock.random_bytes(_CHANCE_BYTES), "big") / 65_536
