"""Owns the fixtures of a till beside a served head office. Their sample rules lease nothing: what a test did not do does not happen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hq_server.furnished import config_of, furnish, served_copy
from tests.hq_server.served import ServedHq, without_leases
from tests.terminal.syncing.till import SyncedTill, synced_till


@pytest.fixture(scope="session")
def furnished_hq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a head office at rest."""
    folder = tmp_path_factory.mktemp("furnished")
    furnish(config_of(folder), without_leases)
    return folder


@pytest.fixture
def hq(furnished_hq: Path, tmp_path: Path) -> Iterator[ServedHq]:
    with served_copy(furnished_hq, tmp_path) as served:
        yield served


@pytest.fixture
def till(hq: ServedHq, tmp_path: Path) -> Iterator[SyncedTill]:
    with synced_till(hq, tmp_path / "till") as enrolled:
        yield enrolled
