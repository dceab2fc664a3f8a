"""Owns a head office with a day behind it, for tests that only read: made once a module on each kind of database."""

from collections.abc import Iterator

import pytest

from tests.hq_server.console.franchise_day import FranchiseDay, served_day


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FranchiseDay]:
    folder = tmp_path_factory.mktemp("day")
    if request.param == "sqlite":
        with served_day(f"sqlite:///{folder / 'hq.db'}", folder) as lived:
            yield lived
        return
    with request.getfixturevalue("postgres").database() as url, served_day(url, folder) as lived:
        yield lived
