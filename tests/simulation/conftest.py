"""Owns the simulator that the tests of a session share: making a franchise takes longer than copying one."""

from collections.abc import Iterator

import pytest

from tongchu.simulation.running import Simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator() as made:
        yield made
