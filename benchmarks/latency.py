"""Times of single operations: collecting them, and the percentiles that are shown of them."""

from collections.abc import Sequence
from time import perf_counter_ns

Nanoseconds = int


def percentile_us(times: Sequence[Nanoseconds], percent: int) -> float:
    """The time, in microseconds, that `percent` of the operations did not exceed (nearest rank)."""
    if not times:
        raise ValueError("no operation was timed")
    ordered = sorted(times)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1] / 1_000


class Stopwatch:
    """Splits one operation into named parts; `lap` ends a part and begins the next."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Nanoseconds]] = {}
        self._began = self._lap_began = perf_counter_ns()

    def start(self) -> None:
        self._began = self._lap_began = perf_counter_ns()

    def lap(self, part: str) -> None:
        now = perf_counter_ns()
        self.parts.setdefault(part, []).append(now - self._lap_began)
        self._lap_began = now

    def stop(self) -> Nanoseconds:
        """Since `start`."""
        return perf_counter_ns() - self._began
