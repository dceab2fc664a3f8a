"""A member of the simulation pays by payment PIN while lines are cut: every law holds, head office believes just what was typed, and it all happened."""

from collections import Counter

import pytest

from tongchu.simulation.running import WITH_PINS, Simulator
from tongchu.simulation.scenario import Scenario

SEEDS = range(1, 7)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_was_typed_is_believed_and_nothing_else(simulator: Simulator) -> None:
    counts: Counter[str] = Counter()
    for seed in SEEDS:
        faults = frozenset({"link cut", "reply lost"})
        outcome = simulator.run(Scenario(seed=seed, tills=3, members=8, days=2, faults=faults, pins=True))
        assert outcome.disagreements == (), outcome.scenario.command
        counts.update(outcome.counts)
    assert counts["PINs judged"] >= len(SEEDS), counts
    assert [what for what in WITH_PINS | {"paid by PIN offline"} if not counts[what]] == [], counts
