"""Owns the fixtures of the scenarios: a franchise made once for the session, and a fresh copy of it, alive, for each test.

Which scenario shows which law (L) or hole (H):
L1  lost_and_doubled; bad_input (a damaged journal); tests/crash/test_till_kills.py
L2  lost_and_doubled (a push delivered twice, two at once); offline_tills (overspending); tests/crash/test_hq_kills.py
L3  offline_tills; unknown_outcomes; crash tests (till, head office and paper agree at the end)
L4  golden_day; offline_tills (what is owed is paid first)
L7  lost_and_doubled (replica deleted, a page twice)
L8  bad_input (a rulebook that cannot be read); wrong_clocks
H1  restored_and_forked        H3  offline_tills        H4  offline_tills (refund at another till)
H6  restored_and_forked        H7  unknown_outcomes     H8  wrong_clocks
H9  unknown_outcomes           H10 offline_tills        H14 offline_tills (erased)
H12 tests/crash/test_hq_kills.py (rollups and feeds after kills), tests/hq_server/feed/test_feed.py
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.franchise import Franchise, make_franchise, playing


@pytest.fixture(scope="session")
def franchise_at_rest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("franchise")
    make_franchise(folder)
    return folder


@pytest.fixture
def franchise(franchise_at_rest: Path, tmp_path: Path) -> Iterator[Franchise]:
    with playing(franchise_at_rest, tmp_path / "franchise") as alive:
        yield alive
