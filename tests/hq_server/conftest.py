"""Owns the fixture of a served head office on each kind of database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from hq_server.database import migrate
from hq_server.database.engine import Database
from tests.hq_server.served import ServedHq, served_hq
from tests.postgres import Server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with today's tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "hq.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Server) -> Iterator[str]:
    """The name of a database with today's tables and nothing in them, to be copied."""
    with postgres.database() as url:
        _migrate(url)
        name = make_url(url).database
        assert name is not None
        yield name


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        migrate.upgrade(database)
    finally:
        database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def migrated_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database of each kind, with tables and no rows."""
    if request.param == "sqlite":
        path = tmp_path / "hq.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(like=request.getfixturevalue("migrated_postgres")) as url:
        yield url


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[ServedHq]:
    with served_hq(migrated_database_url, tmp_path) as served:
        yield served


_COSTLY = frozenset(
    {
        "hq_database_url",
        "migrated_database_url",
        "hq",
        "hq_on_each",
        "day",
        "sample",
        "sampled",
        "database",
        "tmp_path",
        "page",
        "chromium",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a database or a served head office is left to the whole suite; `make check` stays under a minute."""
    here = Path(__file__).parent
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.path.is_relative_to(here) and fixtures & _COSTLY:
            item.add_marker(pytest.mark.slow)
