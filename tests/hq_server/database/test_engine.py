"""A database that goes away in the middle is no mistake of head office's: whoever asked is told to ask again, and is served once it is back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from hq_server.database.engine import Database, DatabaseBusy

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
