"""What a benchmark hands back: each figure beside the floor that was measured in the same run, and the settings of both. Values only; `table` makes text of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median


class Better(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`ratio` says how many times worse than the floor the product is: 1.0 would be the floor itself, for times and rates alike."""

    what: str
    unit: str
    value: float
    floor: float
    floor_what: str
    better: Better
    decimals: int = 0

    @property
    def ratio(self) -> float:
        worse, best = (self.value, self.floor) if self.better is Better.LOWER else (self.floor, self.value)
        return worse / best


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run of one benchmark. `breakdown` holds named parts, each with its unit; `settings` everything that a figure depends on."""

    figures: tuple[Figure, ...]
    settings: dict[str, str | int | float]
    breakdown: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def medians(runs: Sequence[Measured]) -> Measured:
    """Each figure's and each floor's median over the runs; the rest is taken from the last one."""
    last = runs[-1]
    figures = tuple(
        replace(
            figure,
            value=median(run.figures[place].value for run in runs),
            floor=median(run.figures[place].floor for run in runs),
        )
        for place, figure in enumerate(last.figures)
    )
    return replace(last, figures=figures)
