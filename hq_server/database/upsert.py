"""Owns the one spelling of `INSERT … ON CONFLICT` that differs by engine only in its import."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hq_server.database.schema import Table

Upsert = postgresql.Insert | sqlite.Insert
InsertOf = Callable[[type[Table]], Upsert]
"""Begins an insert that has `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`."""


def upsert(session: Session, table: type[Table]) -> Upsert:
    """An insert of the session's own dialect."""
    return insert_of(session.get_bind().dialect.name)(table)


def insert_of(engine: str) -> InsertOf:
    match engine:
        case "sqlite":
            return _sqlite
        case "postgresql":
            return _postgresql
        case other:
            raise AssertionError(f"no upsert for {other}")


def _sqlite(table: type[Table]) -> Upsert:
    source: Any = table
    return sqlite.insert(source)


def _postgresql(table: type[Table]) -> Upsert:
    source: Any = table
    return postgresql.insert(source)
