"""A range of seeds in which something hardly happened, or a law hardly spoke, shows nothing."""

from collections import Counter

from tongchu.simulation import faults
from tongchu.simulation.running import ALWAYS, JUDGED, RANGE_THAT_SHOWS_ALL, WITH_FAULTS, Summary
from tongchu.simulation.scenario import Scenario

EVERY_FAULT = Scenario(seed=1, faults=faults.ALL)
LEAST = Counter({**dict.fromkeys((*faults.ALL, *ALWAYS, *WITH_FAULTS), 1), **JUDGED})


def test_a_law_that_judged_too_little_is_named_in_each_range_of_twenty() -> None:
    enough = Summary(outcomes=RANGE_THAT_SHOWS_ALL, counts=LEAST)
    assert enough.too_seldom(EVERY_FAULT) == []
    twice_as_long = Summary(outcomes=2 * RANGE_THAT_SHOWS_ALL, counts=LEAST)
    assert [said.partition(":")[0] for said in twice_as_long.too_seldom(EVERY_FAULT)] == sorted(JUDGED)
    assert Summary(outcomes=RANGE_THAT_SHOWS_ALL - 1).too_seldom(EVERY_FAULT) == []


def test_a_day_on_which_everything_works_needs_nothing_of_what_faults_bring() -> None:
    happened = Counter(dict.fromkeys(ALWAYS, 1))
    assert Summary(outcomes=RANGE_THAT_SHOWS_ALL, counts=happened).too_seldom(Scenario(seed=1)) == []
