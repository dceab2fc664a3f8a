"""Each planted bug is found: by known seeds in `make test`, by searching 200 seeds in `make soak`; and the same seed without it is in order."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.simulation.planted import wrong_moves, wrong_parts, wrong_reservations, wrong_tills
from tests.simulation.planted.wrong_reservations import Replaced, Wrong
from tests.test_proof import functions_of
from tongchu.simulation.running import Simulator
from tongchu.simulation.scenario import Scenario

WRONG = {
    **{name: Wrong(parts=parts) for name, parts in wrong_parts.BY_NAME.items()},
    **wrong_reservations.BY_NAME,
    **wrong_tills.BY_NAME,
    **wrong_moves.BY_NAME,
}
PAGE = Path(__file__).parents[3] / "docs" / "SIMULATION.md"
LAWS = tuple(f"L{number}" for number in range(1, 10))
HOLES = tuple(f"H{number}" for number in (*range(1, 13), 14, 16))
_ROW = re.compile(r"^\| ([LH]\d+) \| (.+) \|$", re.MULTILINE)
_BUG = re.compile(r"\*([^*]+)\*")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
SEEDS_TRIED = 10
"""From the known one on: a new errand shifts what each seed is."""


@dataclass(frozen=True)
class Known:
    """`says`: part of what the verdict names."""

    bug: str
    seed: int
    faults: frozenset[str]
    says: str
    days: int = 1
    risk: bool = False
    pins: bool = False

    def scenario(self, seed: int) -> Scenario:
        shape = Scenario(seed=seed, tills=3, members=8, days=self.days)
        return replace(shape, faults=self.faults, risk=self.risk, pins=self.pins)


OFFLINE = frozenset({"link cut", "reply lost"})
LOST_AND_COPIED = frozenset({"link cut", "replica lost", "hq restore", "cloned disk"})
"""No law may look away altogether because head office came back from a backup or some till's disk was copied."""
KNOWN = (
    Known("prints before committing", 2, frozenset({"till crash"}), "printed"),
    Known("skips late rows", 1, frozenset(), "shows"),
    Known("forgets its open push", 21, frozenset({"reply lost", "reply torn"}), "its replica and journal make"),
    Known("applies replays twice", 1, frozenset({"duplicated", "duplicated later"}), "papers add up to"),
    Known("loses rows of the outbox", 1, frozenset(), "rollup"),
    Known("till ignores its limit", 1, OFFLINE, "without a lease or hold"),
    Known("till forgets what it risked", 68, OFFLINE, "beyond the risk allowance", days=3, risk=True),
    Known("till forgets the hours", 15, OFFLINE, "'hours_limit'", days=3, risk=True),
    Known("exposure by the newest rulebook", 11, OFFLINE, "head office had said", days=3, risk=True),
    Known("exposure of the silent alone", 1, OFFLINE, "head office had said", days=3, risk=True),
    Known("passes and points at risk", 1, frozenset(), "that no lease or hold keeps"),
    Known("partial head closes leases", 6, LOST_AND_COPIED, "reservation_unknown"),
    Known("till spends a returned lease", 3, frozenset(), "without a lease or hold"),
    Known("top-up spendable before the report", 2, OFFLINE, "reservation_unknown"),
    Known("report leaves leases out", 2, OFFLINE, "head office does not"),
    Known("first bonus given again", 1, frozenset(), "rebuilt"),
    Known("time below the anchor", 1, frozenset({"clock jump"}), "before its anchor"),
    Known("lease freed by time alone", 4, OFFLINE, "head office does not"),
    Known("hold freed by time alone", 1, frozenset(), "reservation_unknown"),
    Known("header not settled", 29, LOST_AND_COPIED, "is left of"),
    Known("till drops signed holds", 1, frozenset({"hq restore"}), "though its till has what head office signed"),
    Known("keeps its epoch", 1, frozenset({"hq restore"}), "shows"),
    Known("replica believed more than the journal", 2, OFFLINE, "its replica and journal make"),
    Known("replica begun at the feed's end", 2, LOST_AND_COPIED, "lost its replica"),
    Known("future rulebook used", 2, frozenset(), "pins rulebook"),
    Known("closed month not told", 3, frozenset({"link cut"}), "told as a prior period's", days=2),
    Known("copied disk spends its leases", 2, frozenset({"cloned disk"}), "is a copy and spends"),
    Known("stolen key heeded", 1, frozenset(), "never published"),
    Known("believes any PIN", 1, frozenset(), "a PIN that nobody typed", days=2, pins=True),
    Known("name in clear", 1, frozenset(), "in clear"),
    Known("head office moves what is leased", 12, frozenset(), "of whom tills may spend"),
    Known("transfer arrives twofold", 1, frozenset(), "arrived"),
    Known("refund puts back more", 1, frozenset(), "papers add up to"),
)


@contextmanager
def replaced(parts: Iterable[Replaced]) -> Iterator[None]:
    with ExitStack() as stack:
        for name, replacement in parts:
            stack.enter_context(patch(name, replacement))
        yield


@contextmanager
def planted(known: Known, simulator: Simulator) -> Iterator[Simulator]:
    """The franchise at rest is made by the product."""
    wrong = WRONG[known.bug]
    simulator.prepare(known.scenario(known.seed))
    with replaced((*wrong.harmless, *wrong.replaced)):
        yield simulator.made_of(wrong.parts)


def test_every_planted_bug_has_a_known_seed() -> None:
    assert {known.bug for known in KNOWN} == set(WRONG)


def test_every_law_and_hole_has_a_planted_bug_or_the_scenario_that_holds_it() -> None:
    rows = dict(_ROW.findall(PAGE.read_text("utf-8")))
    assert list(rows) == [*LAWS, *HOLES]
    bare = [name for name, row in rows.items() if not _BUG.search(row) and not _TEST.search(row)]
    assert bare == []
    assert {bug for row in rows.values() for bug in _BUG.findall(row)} == set(WRONG)
    named = [test for row in rows.values() for test in _TEST.findall(row)]
    assert [each for each in named if each[1] not in functions_of(each[0])] == []


Verdict = tuple[str, ...]


@pytest.fixture(scope="module")
def sound(simulator: Simulator) -> Callable[[Known, int], Verdict]:
    """What the verdict says of the seed without the bug; bugs that share a seed share the run."""
    said: dict[tuple[tuple[str, ...], Scenario], Verdict] = {}

    def lived(known: Known, seed: int) -> Verdict:
        harmless, scenario = WRONG[known.bug].harmless, known.scenario(seed)
        key = tuple(name for name, _ in harmless), scenario
        if key not in said:
            with replaced(harmless):
                said[key] = simulator.run(scenario).disagreements
        return said[key]

    return lived


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.bug)
def test_a_known_seed_finds_it(known: Known, simulator: Simulator, sound: Callable[[Known, int], Verdict]) -> None:
    said: list[str] = []
    with planted(known, simulator) as wrong:
        for seed in range(known.seed, known.seed + SEEDS_TRIED):
            said = [each for each in wrong.run(known.scenario(seed)).disagreements if known.says in each]
            if said:
                break
    assert said
    assert sound(known, seed) == ()


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.bug)
def test_a_search_finds_it(known: Known, simulator: Simulator) -> None:
    with planted(known, simulator) as wrong:
        for seed in range(10_000, 10_200):
            if wrong.run(known.scenario(seed)).disagreements:
                return
    pytest.fail(f"{known.bug}: not found within 200 seeds")
