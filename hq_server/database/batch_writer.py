"""Owns how a batch reaches the tables: one interface, executemany on SQLite, COPY and upserts of arrays on PostgreSQL. Called by ingest and the sequencer inside their
units of work.

A row is a tuple in the order of its table's columns, like those of `ingest.rows`; all rows of a call belong to one table.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Protocol

from psycopg import sql
from sqlalchemy import Boolean, LargeBinary, String
from sqlalchemy.types import BigInteger, Date, Integer, TypeEngine

from hq_server.database.engine import WriteSession
from hq_server.database.models import WalletRecord
from hq_server.database.schema import Table, UtcDateTime

_TIME_CHARS = len("2026-11-23 08:00:00.000000")
Rows = Sequence[tuple[Any, ...]]


class BatchWriter(Protocol):
    def append(self, table: type[Table], rows: Rows) -> None:
        """New rows of an append-only table; a key that is there already is a mistake of the caller's."""

    def append_missing(self, table: type[Table], rows: Rows) -> None:
        """A row whose key is there already stays as it is."""

    def replace(self, table: type[Table], rows: Rows) -> None:
        """New rows, or other ones in place of those with the same key; each key once."""

    def replace_wallets(self, rows: Rows) -> set[str]:
        """Inserts a wallet of `prior_version` 0, else replaces the one that still stands at `prior_version`; in member order.
        Returns the members whose wallet had changed meanwhile, and leaves those alone."""


def writer_for(session: WriteSession) -> BatchWriter:
    match session.dialect.name:
        case "sqlite":
            return SqliteWriter(session)
        case "postgresql":
            return PostgresWriter(session)
        case other:
            raise AssertionError(f"no batch writer for {other}")


@cache
def _columns(table: type[Table]) -> list[str]:
    return [column.name for column in table.__table__.columns]


@cache
def _keys(table: type[Table]) -> list[str]:
    return [column.name for column in table.__table__.primary_key]


def _assignments(table: type[Table]) -> str:
    keys = set(_keys(table))
    return ", ".join(f"{name} = excluded.{name}" for name in _columns(table) if name not in keys)


@cache
def _on_conflict(table: type[Table], *, guarded: bool) -> str:
    name = table.__tablename__
    guard = f" WHERE {name}.version = excluded.prior_version" if guarded else ""
    return f"ON CONFLICT ({', '.join(_keys(table))}) DO UPDATE SET {_assignments(table)}{guard}"


class SqliteWriter:
    """The caller holds SQLite's only write lock since before it read, so no wallet can have changed."""

    def __init__(self, session: WriteSession) -> None:
        self._driver = session.driver()

    def append(self, table: type[Table], rows: Rows) -> None:
        self._many(table, rows, "")

    def append_missing(self, table: type[Table], rows: Rows) -> None:
        self._many(table, rows, "ON CONFLICT DO NOTHING")

    def replace(self, table: type[Table], rows: Rows) -> None:
        self._many(table, rows, _on_conflict(table, guarded=False))

    def replace_wallets(self, rows: Rows) -> set[str]:
        written = self._many(WalletRecord, sorted(rows), _on_conflict(WalletRecord, guarded=True))
        assert written == len(rows), "a wallet changed under SQLite's write lock"
        return set()

    def _many(self, table: type[Table], rows: Rows, on_conflict: str) -> int:
        if not rows:
            return 0
        written: int = self._driver.executemany(_insert(table, on_conflict), _as_sqlite(table, rows)).rowcount
        return written


@cache
def _insert(table: type[Table], on_conflict: str) -> str:
    names = _columns(table)
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES ({marks}) {on_conflict}"  # noqa: S608  names of our own tables


@cache
def _texts(table: type[Table]) -> list[tuple[int, Callable[[Any], str]]]:
    """Times and dates as SQLAlchemy keeps them on SQLite: text, UTC without its zone."""
    texts: list[tuple[int, Callable[[Any], str]]] = []
    for place, column in enumerate(table.__table__.columns):
        if isinstance(column.type, UtcDateTime):
            texts.append((place, _time_text))
        elif isinstance(column.type, Date):
            texts.append((place, date.isoformat))
    return texts


def _as_sqlite(table: type[Table], rows: Rows) -> Rows:
    texts = _texts(table)
    if not texts:
        return rows
    ready = []
    for row in rows:
        values = list(row)
        for place, text in texts:
            if values[place] is not None:
                values[place] = text(values[place])
        ready.append(tuple(values))
    return ready


def _time_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(" ", "microseconds")[:_TIME_CHARS]


class PostgresWriter:
    """Append-only tables by COPY straight into them; what may be there already by one upsert in key order, an array a column, so that two batches lock common members in the
    same order. One statement each: whoever waits for a member's lock waits for every round trip of the one who holds it."""

    def __init__(self, session: WriteSession) -> None:
        self._cursor = session.driver().cursor()

    def append(self, table: type[Table], rows: Rows) -> None:
        if rows:
            self._copy(table, rows)

    def append_missing(self, table: type[Table], rows: Rows) -> None:
        if rows:
            self._upsert(table, rows, "ON CONFLICT DO NOTHING")

    def replace(self, table: type[Table], rows: Rows) -> None:
        if rows:
            self._upsert(table, rows, _on_conflict(table, guarded=False))

    def replace_wallets(self, rows: Rows) -> set[str]:
        if not rows:
            return set()
        self._upsert(WalletRecord, rows, _on_conflict(WalletRecord, guarded=True) + " RETURNING member_id")
        written = {member_id for (member_id,) in self._cursor.fetchall()}
        return {member_id for member_id, *_ in rows} - written

    def _upsert(self, table: type[Table], rows: Rows, on_conflict: str) -> None:
        self._cursor.execute(_upserting(table, on_conflict), [list(column) for column in zip(*rows, strict=True)])

    def _copy(self, table: type[Table], rows: Rows) -> None:
        with self._cursor.copy(_copying(table)) as copy:
            copy.set_types(_type_names(table))
            for row in rows:
                copy.write_row(row)


@cache
def _copying(table: type[Table]) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in _columns(table))
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table.__tablename__), names)


@cache
def _upserting(table: type[Table], on_conflict: str) -> str:
    """Its values: a list for each column."""
    columns, keys = ", ".join(_columns(table)), ", ".join(_keys(table))
    given = ", ".join(f"%b::{name}[]" for name in _type_names(table))
    return (
        f"INSERT INTO {table.__tablename__} ({columns}) SELECT {columns} FROM unnest({given}) AS given ({columns})"  # noqa: S608  names of our own tables
        f" ORDER BY {keys} {on_conflict}"
    )


@cache
def _type_names(table: type[Table]) -> list[str]:
    return [_type_name(column.type) for column in table.__table__.columns]


def _type_name(kind: TypeEngine[Any]) -> str:
    match kind:
        case UtcDateTime():
            return "timestamptz"
        case BigInteger():
            return "int8"
        case Integer():
            return "int4"
        case Boolean():
            return "bool"
        case Date():
            return "date"
        case LargeBinary():
            return "bytea"
        case String():
            return "text"
        case _:
            raise AssertionError(f"no COPY type for {kind!r}")
