"""Owns the spelling of "the row is one of these" whose statement stays the same however many keys there are: prepared and cached once, unlike `IN` with a mark a key."""

import json
from collections.abc import Iterable
from typing import Any, Self

from sqlalchemy import String, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import Boolean, Text, TypeDecorator, TypeEngine

Column = InstrumentedAttribute[str]


def among(column: Column, keys: Iterable[str]) -> ColumnElement[bool]:
    """True of no row when there are no keys."""
    return _Among(column, bindparam(None, list(keys), type_=_Keys(), unique=True))


def pair_among(first: Column, second: Column, pairs: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Of two columns at once, which an index on both serves."""
    return _PairAmong(first, second, bindparam(None, list(pairs), type_=_Pairs(), unique=True))


def among_given(column: Column | InstrumentedAttribute[str | None], name: str) -> ColumnElement[bool]:
    """As `among`, the keys given by `name` when the statement runs: as a list."""
    return _Among(column, bindparam(name, type_=_Keys()))


def pair_among_given(first: Column, second: Column, name: str) -> ColumnElement[bool]:
    """As `pair_among`, the pairs given by `name`: as a list."""
    return _PairAmong(first, second, bindparam(name, type_=_Pairs()))


class _Keys(TypeDecorator[list[str]]):
    """An array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(String()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


class _Pairs(TypeDecorator[list[tuple[str, str]]]):
    """JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[tuple[str, str]] | None, dialect: Dialect) -> str:  # noqa: ARG002 - SQLAlchemy's signature
        return json.dumps(value)


class _Condition(FunctionElement[bool]):
    """A condition as it stands. SQLAlchemy would write `… = 1` behind a function on SQLite, which then searches no index."""

    type = Boolean()

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002 - SQLAlchemy's signature
        return self


class _Among(_Condition):
    name = "among"
    inherit_cache = True


class _PairAmong(_Condition):
    name = "pair_among"
    inherit_cache = True


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY({keys})"


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, keys = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608  a column's name and a mark


@compiles(_PairAmong, "postgresql")
def _pair_in_elements(element: _PairAmong, compiler: SQLCompiler, **options: Any) -> str:
    first, second, pairs = (compiler.process(part, **options) for part in element.clauses)
    found = f"SELECT pair ->> 0, pair ->> 1 FROM json_array_elements(CAST({pairs} AS json)) AS pair"  # noqa: S608 - a mark of SQLAlchemy's own
    return f"({first}, {second}) IN ({found})"


@compiles(_PairAmong, "sqlite")
def _pair_in_json(element: _PairAmong, compiler: SQLCompiler, **options: Any) -> str:
    first, second, pairs = (compiler.process(part, **options) for part in element.clauses)
    found = f"SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each({pairs})"  # noqa: S608 - a mark of SQLAlchemy's own
    return f"({first}, {second}) IN ({found})"
