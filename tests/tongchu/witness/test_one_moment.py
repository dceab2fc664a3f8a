"""What the witness reads of head office in several looks is of one moment, while somebody writes."""

import pytest
from sqlalchemy import create_engine, text

from tongchu.witness.books import HqBooks


@pytest.mark.slow
def test_all_looks_within_see_the_same_moment(hq_database_url: str) -> None:
    engine = create_engine(hq_database_url)

    def write(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode=WAL"))
    write("CREATE TABLE heads (seq INTEGER)")
    write("INSERT INTO heads VALUES (1)")
    books = HqBooks(hq_database_url)
    with books.at_one_moment():
        assert books.rows("SELECT seq FROM heads") == [(1,)]
        write("UPDATE heads SET seq = 2")
        with books.at_one_moment():
            assert books.rows("SELECT seq FROM heads") == [(1,)]
        assert books.rows("SELECT seq FROM heads") == [(1,)]
    assert books.rows("SELECT seq FROM heads") == [(2,)]
    engine.dispose()
