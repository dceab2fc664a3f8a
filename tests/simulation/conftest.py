"""Owns the simulator that the tests of a session share, because making a franchise takes longer than copying one, and a world of one till before its first day."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tongchu.simulation import at_rest
from tongchu.simulation.at_rest import Shape
from tongchu.simulation.record import Record
from tongchu.simulation.running import Simulator
from tongchu.simulation.scenario import Scenario
from tongchu.simulation.world import World

ONE_TILL = Scenario(seed=1, tills=1, members=1, days=1)


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator() as made:
        yield made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    at_rest.make(Shape(tills=1, members=1, risk=ONE_TILL.takes_risk), tmp_path / "franchise")
    made = World(ONE_TILL, tmp_path / "franchise", Record(tmp_path))
    yield made
    made.close()
