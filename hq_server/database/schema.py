"""Owns what every HQ table shares: the declarative root, constraint names, placement marks and the time type. No table stands here.

Each table says by `placed()` which column decides the node it lives on; `schema_lint` checks the rules that follow from it.
"""

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import DateTime, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

Placement = Literal["member_id", "store_id", "feed_id", "reference"]

ID_CHARS = 36
STORE_ID_CHARS = 16
TERMINAL_ID_CHARS = 24
RECEIPT_NO_CHARS = 40
HASH_CHARS = 64
SIGNATURE_CHARS = 88
KIND_CHARS = 40

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """The root of every HQ model."""

    metadata = MetaData(naming_convention=_NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept and read back in UTC on every engine; refuses a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def placed(by: Placement, *items: SchemaItem) -> tuple[Any, ...]:
    """The `__table_args__` of a table that is placed by this column, with its constraints and indexes."""
    return (*items, {"info": {"citus": by}})
