"""A database that goes away in the middle is no mistake of head office's: whoever asked is told to ask again, and is served once it is back."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from hq_server.database.engine import Database, DatabaseBusy, WriteSession

pytestmark = pytest.mark.slow


@pytest.fixture
def database(postgres_database: str) -> Iterator[Database]:
    opened = Database(postgres_database)
    yield opened
    opened.close()


def lose_the_connection(database: Database) -> None:
    """In the middle of a unit of work."""
    with database.write() as session:
        mine = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.read() as other:
            other.execute(text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})
        session.execute(text("SELECT 1"))


def ask(database: Database) -> None:
    with database.read() as session:
        session.execute(text("SELECT 1"))


def test_a_unit_of_work_whose_connection_is_lost_may_be_asked_for_again(database: Database) -> None:
    with pytest.raises(DatabaseBusy):
        lose_the_connection(database)
    with database.write() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_a_server_that_takes_no_connections_is_busy(postgres_database: str) -> None:
    nowhere = Database(postgres_database.replace("host=", "host=/nowhere"))
    with pytest.raises(DatabaseBusy):
        ask(nowhere)
    nowhere.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    sqlite = f"sqlite:///{tmp_path / 'hq.db'}"
    opened = Database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_database"))
    yield opened
    opened.close()


def fill(session: WriteSession, number: int) -> None:
    with session.begin_nested():
        session.driver().execute(f"INSERT INTO numbers VALUES ({number})")
        raise ZeroDivisionError


def test_a_savepoint_takes_back_what_the_driver_ran_in_it_and_nothing_before_it(either: Database) -> None:
    """One bad entry is set aside by it (L2), and nothing of an attempt may stay."""
    with either.write() as session:
        session.driver().execute("CREATE TABLE numbers (number INTEGER)")
        session.driver().execute("INSERT INTO numbers VALUES (1)")
        for number in (2, 3):
            with pytest.raises(ZeroDivisionError):
                fill(session, number)
        session.driver().execute("INSERT INTO numbers VALUES (4)")
    with either.read() as session:
        assert session.scalars(text("SELECT number FROM numbers ORDER BY number")).all() == [1, 4]


def test_a_head_office_whose_connections_are_all_in_use_is_busy(
    either: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at fault: whoever asked is told to come again."""
    monkeypatch.setattr(either.engine.pool, "_timeout", 0.01)
    with ExitStack() as held:
        with suppress(NoConnectionFree):
            while True:
                held.enter_context(closing(either.engine.raw_connection()))
        with pytest.raises(DatabaseBusy):
            ask(either)
        with pytest.raises(DatabaseBusy), either.look():
            pass
        with pytest.raises(DatabaseBusy), either.write() as session:
            session.connection()
    ask(either)
