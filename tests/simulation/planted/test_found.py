"""Each planted bug is found: by known seeds in `make test`, by searching 200 seeds in `make soak`; and the same seed without it is in order."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from tests.simulation.planted import wrong_parts, wrong_reservations
from tests.simulation.planted.wrong_reservations import Wrong
from tongchu.simulation.running import Simulator
from tongchu.simulation.scenario import Scenario

WRONG = {name: Wrong(parts=parts) for name, parts in wrong_parts.BY_NAME.items()} | wrong_reservations.BY_NAME
SEEDS_TRIED = 10
"""From the known one on: a new errand shifts what each seed is."""


@dataclass(frozen=True)
class Known:
    """`says`: part of what the verdict names."""

    bug: str
    seed: int
    faults: frozenset[str]
    says: str

    def scenario(self, seed: int) -> Scenario:
        return Scenario(seed=seed, tills=3, members=8, days=1, faults=self.faults, risk=False)


OFFLINE = frozenset({"link cut", "reply lost"})
KNOWN = (
    Known("prints before committing", 1, frozenset({"till crash"}), "printed"),
    Known("skips late rows", 1, frozenset(), "shows"),
    Known("forgets its open push", 1, frozenset({"reply lost", "reply torn"}), "its replica and journal make"),
    Known("applies replays twice", 7, frozenset({"duplicated", "duplicated later"}), "papers add up to"),
    Known("loses rows of the outbox", 1, frozenset(), "rollup"),
    Known("till ignores its limit", 2, OFFLINE, "without a lease or hold"),
    Known("partial head closes leases", 4, OFFLINE, "reservation_unknown"),
    Known("till spends a returned lease", 3, frozenset(), "without a lease or hold"),
    Known("top-up spendable before the report", 2, OFFLINE, "reservation_unknown"),
    Known("report leaves leases out", 1, OFFLINE, "head office does not"),
    Known("first bonus given again", 2, frozenset(), "rebuilt"),
    Known("time below the anchor", 1, frozenset({"clock jump"}), "before its anchor"),
    Known("lease freed by time alone", 3, OFFLINE, "head office does not"),
)


@contextmanager
def planted(bug: str) -> Iterator[Simulator]:
    wrong = WRONG[bug]
    with ExitStack() as stack:
        for name, replacement in wrong.replaced:
            stack.enter_context(patch(name, replacement))
        yield stack.enter_context(Simulator(wrong.parts))


def test_every_planted_bug_has_a_known_seed() -> None:
    assert {known.bug for known in KNOWN} == set(WRONG)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.bug)
def test_a_known_seed_finds_it(known: Known, simulator: Simulator) -> None:
    said: list[str] = []
    with planted(known.bug) as wrong:
        for seed in range(known.seed, known.seed + SEEDS_TRIED):
            said = [each for each in wrong.run(known.scenario(seed)).disagreements if known.says in each]
            if said:
                break
    assert said
    assert simulator.run(known.scenario(seed)).disagreements == ()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_restored_head_office_that_keeps_its_epoch_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: nobody notices what a till shows of the future, and the operator's command does nothing."""
    monkeypatch.setattr("hq_server.sessions.service.lies_in_future", lambda *_, **__: False)
    monkeypatch.setattr("tongchu.simulation.head_office.begin_epoch", lambda *_, **__: "")
    with Simulator() as wrong:
        found = wrong.run(Scenario(seed=1, tills=3, members=8, days=1, faults=frozenset({"hq restore"}))).disagreements
    assert [each for each in found if "shows" in each], found


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.bug)
def test_a_search_finds_it(known: Known) -> None:
    with planted(known.bug) as wrong:
        for seed in range(10_000, 10_200):
            if wrong.run(known.scenario(seed)).disagreements:
                return
    pytest.fail(f"{known.bug}: not found within 200 seeds")
