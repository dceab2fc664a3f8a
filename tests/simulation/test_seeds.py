"""Seeds of the default scenario under every fault: each law holds, and what had to happen did. `make soak` runs more; `tongchu simulate --seeds` as many as asked."""

import os
from collections.abc import Callable

import pytest

from tests.conftest import SIMULATED
from tongchu.simulation import faults
from tongchu.simulation.running import RANGE_THAT_SHOWS_ALL, Simulator, Summary
from tongchu.simulation.scenario import Scenario

DEFAULT = Scenario(seed=0, faults=faults.ALL)
SEEDS = range(1, 201)
"""Of each `make test`, in twenties."""
SOAK_SEEDS = int(os.environ.get("TONGCHU_SOAK_SEEDS", "2000"))
"""As many as asked: TONGCHU_SOAK_SEEDS=20000 make soak."""
EVENTS_LEAST = 150


def live(simulator: Simulator, first: int) -> Summary:
    """Judges each of a range that must show everything."""
    summary = Summary()
    for seed in range(first, first + RANGE_THAT_SHOWS_ALL):
        outcome = simulator.run(DEFAULT.of_seed(seed))
        assert not outcome.disagreements, f"{outcome.disagreements}\nagain: {outcome.scenario.command}"
        assert outcome.counts["events"] >= EVENTS_LEAST, f"{outcome.counts}\nagain: {outcome.scenario.command}"
        summary.add(outcome)
    assert summary.too_seldom(DEFAULT) == [], summary.counts
    return summary


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", SEEDS[::RANGE_THAT_SHOWS_ALL])
def test_every_law_holds_and_every_fault_happens_within_twenty_seeds(
    simulator: Simulator, first: int, record_property: Callable[[str, object], None]
) -> None:
    summary = live(simulator, first)
    record_property(SIMULATED, {"seeds": summary.outcomes, "seconds": round(summary.seconds), **summary.counts})


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("first", range(1001, 1001 + SOAK_SEEDS, RANGE_THAT_SHOWS_ALL))
def test_every_law_holds_over_many_seeds(simulator: Simulator, first: int) -> None:
    live(simulator, first)


def test_a_day_on_which_everything_works(simulator: Simulator) -> None:
    outcome = simulator.run(Scenario(seed=7, tills=2, members=10, days=1))
    assert outcome.disagreements == ()
    counts = outcome.counts
    assert counts["receipts"] > 10
    assert counts["views compared"] > 0
    assert not [what for what in counts if what in faults.ALL]
    assert not counts["cycles failed"]
