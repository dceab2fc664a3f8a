"""The floor of ingest: the rows that it wrote, inserted again with nothing around them, into a copy of the database as it was before, as many durable commits as there were pushes.

executemany on SQLite, COPY on PostgreSQL: the fastest way that each has for rows that come from a client.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

TABLES: Final = ("journal_entries", "wallet_events", "postings", "purchases")
"""Append-only, and all that a push adds but changed wallets, scopes and what the sequencer publishes."""

Rows = list[tuple[Any, ...]]


class RawDatabase(Protocol):
    def keep_copy(self) -> None:
        """Of the database as it stands; nobody is connected to it."""

    def read(self, table: str) -> Rows: ...

    def is_empty(self, table: str) -> bool: ...

    def insert(self, batch: dict[str, Rows]) -> None:
        """One durable commit into the copy."""


class RawSqlite:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._copy = path.with_name("floor.db")
        self._connection: sqlite3.Connection | None = None

    def keep_copy(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as original:
            original.execute("VACUUM INTO ?", (str(self._copy),))

    def read(self, table: str) -> Rows:
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a name of our own

    def is_empty(self, table: str) -> bool:
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None  # noqa: S608 - a name of our own

    def insert(self, batch: dict[str, Rows]) -> None:
        if self._connection is None:
            self._connection = sqlite3.connect(self._copy, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
                self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN IMMEDIATE")
        for table, rows in batch.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - a name of our own
        self._connection.execute("COMMIT")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class RawPostgres:
    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._name = str(parsed.database)
        self._conninfo = f"host={parsed.query['host']} user={parsed.username}"
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def keep_copy(self) -> None:
        with psycopg.connect(f"{self._conninfo} dbname=postgres", autocommit=True) as connection:
            names = (sql.Identifier(f"{self._name}_floor"), sql.Identifier(self._name))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))

    def read(self, table: str) -> Rows:
        with psycopg.connect(f"{self._conninfo} dbname={self._name}") as connection:
            return connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()

    def is_empty(self, table: str) -> bool:
        with psycopg.connect(f"{self._conninfo} dbname={self._name}") as connection:
            asked = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
            return connection.execute(asked).fetchone() is None

    def insert(self, batch: dict[str, Rows]) -> None:
        if self._connection is None:
            self._connection = psycopg.connect(f"{self._conninfo} dbname={self._name}_floor")
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for table, rows in batch.items():
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    for row in rows:
                        copy.write_row(row)

    def deadlocks(self) -> int:
        """Since the database was made."""
        with psycopg.connect(f"{self._conninfo} dbname={self._name}") as connection:
            asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            found = connection.execute(asked).fetchone()
        assert found is not None
        return int(found[0])

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def insert_again(database: RawDatabase, added: dict[str, Rows], commits: int) -> float:
    """The seconds that the rows took, in as many commits."""
    batches = [dict(batch) for batch in _slices(added, commits)]
    began = perf_counter()
    for batch in batches:
        database.insert(batch)
    return perf_counter() - began


def _slices(added: dict[str, Rows], commits: int) -> Iterator[dict[str, Rows]]:
    for number in range(commits):
        yield {table: _slice(rows, number, commits) for table, rows in added.items()}


def _slice(rows: Sequence[tuple[Any, ...]], number: int, commits: int) -> Rows:
    return list(rows[len(rows) * number // commits : len(rows) * (number + 1) // commits])
