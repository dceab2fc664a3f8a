"""Searches the seeds from which each planted bug is found: `python -m tests.simulation.planted.search [NAME ...]`, all of them without a name.

For whoever changed what a seed is, by a new errand or another protocol: prints what to write into `KNOWN` of `test_found.py`.
"""

import sys
from dataclasses import replace

from tests.simulation.planted.test_found import KNOWN, Known, planted
from tongchu.simulation.running import Simulator

SEARCHED = 40


def first_seed(known: Known, simulator: Simulator) -> int | None:
    """The first that finds the bug; None within so many: other faults or more days are needed."""
    for seed in range(1, SEARCHED + 1):
        scenario = known.scenario(seed)
        with planted(known, simulator) as wrong:
            said = [each for each in wrong.run(scenario).disagreements if known.says in each]
        if said:
            return seed
    return None


def main(names: list[str]) -> None:
    with Simulator() as simulator:
        for known in KNOWN:
            if names and known.bug not in names:
                continue
            seed = first_seed(known, simulator)
            told = "not found" if seed is None else "as it is" if seed == known.seed else replace(known, seed=seed)
            print(f"{known.bug}: {told}", flush=True)  # noqa: T201 - a tool for people


if __name__ == "__main__":
    main(sys.argv[1:])
