"""Owns the fixtures of a head office on each kind of database: empty tables, furnished and served, with a day behind it."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from hq_server.database import migrate
from hq_server.database.engine import Database
from tests.hq_server.console.franchise_day import FranchiseDay, live_a_day
from tests.hq_server.database.recording import Recorder
from tests.hq_server.furnished import DATABASE, config_of, furnish, served_copy
from tests.hq_server.served import ServedHq, at_any_risk
from tests.postgres import Server

ON_EACH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with today's tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / DATABASE
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Server) -> Iterator[str]:
    """The name of a database with today's tables and nothing in them, to be copied."""
    with postgres.database() as url:
        _migrate(url)
        yield _name_of(url)


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        migrate.upgrade(database)
    finally:
        database.close()


def _name_of(url: str) -> str:
    name = make_url(url).database
    assert name is not None
    return name


@pytest.fixture(params=ON_EACH)
def migrated_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database of each kind, with tables and no rows."""
    if request.param == "sqlite":
        path = tmp_path / DATABASE
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(like=request.getfixturevalue("migrated_postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def furnished_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a furnished head office, its database in it."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copyfile(migrated_sqlite, folder / DATABASE)
    furnish(config_of(folder), at_any_risk)
    return folder


@pytest.fixture(scope="session")
def furnished_postgres(
    postgres: Server, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """The folder of a furnished head office and the name of its database."""
    folder = tmp_path_factory.mktemp("furnished")
    with postgres.database(like=migrated_postgres) as url:
        furnish(config_of(folder, url), at_any_risk)
        yield folder, _name_of(url)


@pytest.fixture(scope="session")
def statements() -> Recorder:
    """What the head offices of these fixtures send to PostgreSQL; what else a test opens, and how they were set up, is not heard."""
    return Recorder()


@contextlib.contextmanager
def _served(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[ServedHq]:
    if kind == "sqlite":
        with served_copy(request.getfixturevalue("furnished_sqlite"), folder) as served:
            yield served
        return
    at_rest, template = request.getfixturevalue("furnished_postgres")
    server: Server = request.getfixturevalue("postgres")
    heard: Recorder = request.getfixturevalue("statements")
    with server.database(like=template) as url, heard.listening(), served_copy(at_rest, folder, url) as served:
        yield served
    from tests.hq_server.database.statements_heard import unknown  # its parser is not for those who need no PostgreSQL

    assert unknown(heard) == [], (
        "mend the statement, or say in known_on_citus.py and docs/DATABASES.md what to do on Citus"
    )


@pytest.fixture(params=ON_EACH)
def hq(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServedHq]:
    """A fresh copy of the furnished head office, listening."""
    with _served(request, request.param, tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def postgres_hq(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHq]:
    """On PostgreSQL, for a module's tests together."""
    with _served(request, "postgresql", tmp_path_factory.mktemp("postgres")) as served:
        yield served


@pytest.fixture(scope="module", params=ON_EACH)
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FranchiseDay]:
    """A head office with a day behind it, for a module's tests that only read."""
    with _served(request, request.param, tmp_path_factory.mktemp("day")) as served:
        yield live_a_day(served)


_COSTLY = frozenset(
    {
        "hq_database_url",
        "migrated_database_url",
        "hq",
        "hq_on_each",
        "postgres_hq",
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
