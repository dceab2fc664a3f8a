"""Owns the fixtures of the scenarios: a franchise made once for the session, and a fresh copy of it, alive, for each test.

Which scenario shows which hole or pain stands in docs/PROOF.md, checked by tests/test_proof.py.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.scenarios.disaster import Disaster
from tests.scenarios.franchise import Franchise, make_franchise, playing
from tests.scenarios.relay import LossyRelay


@pytest.fixture(scope="session")
def franchise_at_rest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("franchise")
    make_franchise(folder)
    return folder


@pytest.fixture
def franchise(franchise_at_rest: Path, tmp_path: Path) -> Iterator[Franchise]:
    with playing(franchise_at_rest, tmp_path / "franchise") as alive:
        yield alive


@pytest.fixture
def disaster(franchise: Franchise, tmp_path: Path) -> Iterator[Disaster]:
    with ExitStack() as stack, LossyRelay(franchise.hq.url) as relay:
        yield Disaster(franchise, tmp_path / "backup", relay, stack)
