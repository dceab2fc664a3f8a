"""Each planted bug is found: by one known seed in `make test`, by searching 200 seeds in `make soak`; and the same seed without it is in order."""

from dataclasses import dataclass

import pytest

from tests.simulation.planted.wrong_parts import BY_NAME
from tongchu.simulation.running import Simulator
from tongchu.simulation.scenario import Scenario


@dataclass(frozen=True)
class Known:
    """`says`: part of what the verdict names."""

    bug: str
    seed: int
    faults: frozenset[str]
    says: str

    @property
    def scenario(self) -> Scenario:
        return Scenario(seed=self.seed, tills=3, members=8, days=1, faults=self.faults)


KNOWN = (
    Known("prints before committing", 1, frozenset({"till crash"}), "printed"),
    Known("skips late rows", 1, frozenset(), "shows"),
    Known("forgets its open push", 1, frozenset({"reply lost", "reply torn"}), "its replica and journal make"),
    Known("applies replays twice", 4, frozenset({"duplicated", "duplicated later"}), "papers add up to"),
    Known("loses rows of the outbox", 1, frozenset(), "rollup"),
)


def test_every_planted_bug_has_a_known_seed() -> None:
    assert {known.bug for known in KNOWN} == set(BY_NAME)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.bug)
def test_a_known_seed_finds_it(known: Known, simulator: Simulator) -> None:
    with Simulator(BY_NAME[known.bug]) as planted:
        found = planted.run(known.scenario).disagreements
    assert [each for each in found if known.says in each], found
    assert simulator.run(known.scenario).disagreements == ()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_restored_head_office_that_keeps_its_epoch_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: nobody notices what a till shows of the future, and the operator's command does nothing."""
    monkeypatch.setattr("hq_server.sessions.service.lies_in_future", lambda *_, **__: False)
    monkeypatch.setattr("tongchu.simulation.head_office.begin_epoch", lambda *_, **__: "")
    with Simulator() as planted:
        found = planted.run(
            Scenario(seed=1, tills=3, members=8, days=1, faults=frozenset({"hq restore"}))
        ).disagreements
    assert [each for each in found if "shows" in each], found


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.bug)
def test_a_search_finds_it(known: Known) -> None:
    with Simulator(BY_NAME[known.bug]) as planted:
        for seed in range(10_000, 10_200):
            if planted.run(known.scenario.of_seed(seed)).disagreements:
                return
    pytest.fail(f"{known.bug}: not found within 200 seeds")
