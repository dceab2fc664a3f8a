"""One seed, or many: made, lived, healed, judged. Owns the folders on the way, and what counts as a run that shows something."""

import gc
import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tongchu.simulation import acts, at_rest, faults
from tongchu.simulation.at_rest import Shape
from tongchu.simulation.healing import heal
from tongchu.simulation.record import Record
from tongchu.simulation.scenario import Scenario
from tongchu.simulation.verdict import judge
from tongchu.simulation.world import PRODUCT, Parts, World

MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108 - where there is one it saves the flushes; nothing here has to survive
RANGE_THAT_SHOWS_ALL: Final = 20
ALWAYS: Final = frozenset(
    {"redeemed online", "topped_up online", "purchase_refunded online", "top_up_reversed online", "member_enrolled online",
     "refused balance_too_low", "shift_closed", "double tap", "reprints", "views compared", "order_paid online", "order_refunded online", "pass_used online",
     "points_redeemed online", "cash_out_requested online", "cash_out_paid online", "deposit_taken online", "deposit_returned online", "status_changed online",
     "head office transfer", "head office merge", "head office freeze", "days run by head office", "holds", "paid by lease", "paid by hold", "leases taken",
     "leases given back", "recalls heard on the live channel", "paid after a recall", "refused reserved_elsewhere"}
)  # fmt: skip
WITH_FAULTS: Final = frozenset(
    {"redeemed offline", "topped_up offline", "purchase_refunded offline", "member_enrolled offline", "refused offline_limit",
     "refused disk_full", "refused till_stopped", "refused online_only", "paid at risk", "forks", "forks stopped by head office", "arrived late",
     "done again after a crash", "hq restore as documented", "hq restore, epoch forgotten", "hq crash at ingest_committed", "till crash at committed"}
)  # fmt: skip
WITH_PINS: Final = frozenset(
    {
        "paid by PIN online",
        "paid by PIN above the card's day",
        "wrong PIN typed",
        "payment PIN set",
        "payment PIN changed",
        "head office PIN reset",
    }
)
JUDGED: Final = {
    "leases compared": 60, "reservations used and judged": 60, "payments judged by the risk allowance": 100,
    "members looked for after a replica was lost": 60, "forgotten holds shown by their tills": 5,
    "exposure figures compared": 300, "exposure figures of which something was taken": 4,
}  # fmt: skip
"""With every fault, so many at least in each `RANGE_THAT_SHOWS_ALL`: laws that are silent about some tills must speak of the others."""
_GARBAGE: Final = (20_000, 20, 100)
LOGGERS: Final = ("terminal", "hq_server", "sync", "printers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`disagreements` empty: every law held. `digest` is that of the whole trace, `seconds` of one core's time."""

    scenario: Scenario
    digest: str
    counts: Counter[str]
    disagreements: tuple[str, ...]
    seconds: float
    lines: tuple[str, ...] = ()


@dataclass(slots=True)
class Summary:
    """Of many seeds."""

    outcomes: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)

    @property
    def seeds_a_day(self) -> int:
        return int(86_400 * self.outcomes / self.seconds) if self.seconds else 0

    def too_seldom(self, scenario: Scenario) -> list[str]:
        """What a range this long must have shown, and how often it did instead: otherwise its silence says nothing."""
        ranges = self.outcomes // RANGE_THAT_SHOWS_ALL
        if not ranges:
            return []
        wanted = dict.fromkeys((*scenario.faults, *ALWAYS, *(WITH_PINS if scenario.pins else ())), 1)
        if scenario.faults >= faults.ALL:
            wanted |= dict.fromkeys(WITH_FAULTS, 1)
            wanted |= {what: least * ranges for what, least in JUDGED.items()}
        return [
            f"{what}: {self.counts[what]} times, {least} at least"
            for what, least in sorted(wanted.items())
            if self.counts[what] < least
        ]

    def add(self, outcome: Outcome) -> None:
        self.outcomes += 1
        self.seconds += outcome.seconds
        self.counts.update(outcome.counts)
        self.digests[outcome.scenario.seed] = outcome.digest
        if outcome.disagreements:
            self.failed.append(outcome)


class Simulator:
    """Keeps franchises at rest, by their shape. Use as a context manager: the folder goes at the end."""

    def __init__(self, parts: Parts = PRODUCT) -> None:
        self._parts = parts
        self._at_rest: dict[Shape, Path] = {}

    def __enter__(self) -> Self:
        parent = MEMORY_DISK if MEMORY_DISK.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="tongchu-simulation-", dir=parent))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def made_of(self, parts: Parts) -> "Simulator":
        """The same franchises at rest, lived in by machines of other parts. It is not entered, and is of use while this one is."""
        other = Simulator(parts)
        other._folder, other._at_rest = self._folder, self._at_rest
        return other

    def prepare(self, scenario: Scenario) -> None:
        """Makes the franchise at rest that the scenario begins with, if there is none yet."""
        self._franchise(Shape(scenario.tills, scenario.members, scenario.takes_risk))

    def run(self, scenario: Scenario, *, keep_lines: bool = False) -> Outcome:
        rest = self._franchise(Shape(scenario.tills, scenario.members, scenario.takes_risk))
        folder = self._folder / f"seed-{scenario.seed}"
        began = time.process_time()
        record = Record(folder, keep_lines=keep_lines)
        try:
            with _quiet(), _garbage_looked_for_seldom():
                at_rest.copy(rest, folder)
                found = self._lived(scenario, folder, record)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return Outcome(
            scenario=scenario,
            digest=record.digest,
            counts=record.counts,
            disagreements=tuple(found),
            seconds=time.process_time() - began,
            lines=tuple(record.lines or ()),
        )

    def run_all(self, scenario: Scenario, seeds: Iterable[int]) -> Iterator[Outcome]:
        for seed in seeds:
            yield self.run(scenario.of_seed(seed))

    def _lived(self, scenario: Scenario, folder: Path, record: Record) -> list[str]:
        world = World(scenario, folder, record, self._parts)
        try:
            strikes, deeds = faults.Strikes(world), acts.Deeds(world)

            def of_the_day() -> None:
                strikes.of_the_day()
                deeds.of_the_day()

            world.live(of_the_day)
            return [*world.watch.found, *heal(world), *judge(world)]
        finally:
            world.close()

    def _franchise(self, shape: Shape) -> Path:
        if shape not in self._at_rest:
            folder = self._folder / f"rest-{len(self._at_rest)}"
            with _quiet():
                at_rest.make(shape, folder)
            self._at_rest[shape] = folder
        return self._at_rest[shape]


@contextmanager
def _garbage_looked_for_seldom() -> Iterator[None]:
    """A seed makes hundreds of thousands of values and few cycles among them; at the usual pace looking for cycles takes a seventh of its time. As `tongchu hq serve` does."""
    before = gc.get_threshold()
    gc.set_threshold(*_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _quiet() -> Iterator[None]:
    """The product's warnings are the point of a simulation, not its output."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
