"""Owns the fixture of a served head office on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hq_server.served import ServedHq, served_hq


@pytest.fixture
def hq(hq_database_url: str, tmp_path: Path) -> Iterator[ServedHq]:
    with served_hq(hq_database_url, tmp_path) as served:
        yield served


_COSTLY = frozenset(
    {"hq_database_url", "hq", "hq_on_each", "day", "sample", "sampled", "database", "tmp_path", "page", "chromium"}
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a database or a served head office is left to the whole suite; `make check` stays under a minute."""
    here = Path(__file__).parent
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.path.is_relative_to(here) and fixtures & _COSTLY:
            item.add_marker(pytest.mark.slow)
