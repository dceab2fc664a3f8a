"""Owns the one spelling of `INSERT … ON CONFLICT` that differs by engine only in its import."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hq_server.database.schema import Table


def upsert(session: Session, table: type[Table]) -> postgresql.Insert | sqlite.Insert:
    """An insert of the session's own dialect, with `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`."""
    source: Any = table
    match session.get_bind().dialect.name:
        case "sqlite":
            return sqlite.insert(source)
        case "postgresql":
            return postgresql.insert(source)
        case other:
            raise AssertionError(f"no upsert for {other}")
