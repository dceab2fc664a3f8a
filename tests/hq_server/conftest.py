"""Owns the fixture of a served head office on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hq_server.served import ServedHq, served_hq


@pytest.fixture
def hq(hq_database_url: str, tmp_path: Path) -> Iterator[ServedHq]:
    with served_hq(hq_database_url, tmp_path) as served:
        yield served
