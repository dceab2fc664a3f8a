"""Owns running a statement of fixed shape by the driver itself: compiled once for each kind of engine. SQLAlchemy spends many times longer on a small statement than SQLite does.

For what every request of a till reads or writes. Values go through the columns' types as everywhere, rows are plain tuples. What the session has changed is written first,
as with `Session.execute`; entities that it holds already do not hear of what is written here. `IN` with a mark a key has no fixed shape: use `among`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVarTuple

from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.types import TypeEngine

from hq_server.database.engine import Reading, WriteSession
from hq_server.database.upsert import InsertOf, insert_of

Columns = TypeVarTuple("Columns")
_Process = Callable[[Any], Any]
_GIVEN: Final = object()


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place for a value; `fixed` is one that the statement brings itself."""

    name: str
    process: _Process | None
    fixed: Any

    def of(self, values: Mapping[str, Any]) -> Any:
        value = values[self.name] if self.fixed is _GIVEN else self.fixed
        return value if self.process is None else self.process(value)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """For one kind of engine. `results`: by place, what makes the column's value of the driver's, where they differ."""

    text: str
    marks: tuple[_Mark, ...]
    by_name: bool
    results: tuple[tuple[int, _Process], ...]

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        if self.by_name:
            return {mark.name: mark.of(values) for mark in self.marks}
        return tuple([mark.of(values) for mark in self.marks])

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        cells = list(row)
        for place, process in self.results:
            cells[place] = process(cells[place])
        return tuple(cells)


class _Fixed:
    """Statement or, for an upsert, a function that makes it with the engine's own insert."""

    def __init__(self, statement: ClauseElement | Callable[[InsertOf], ClauseElement]) -> None:
        self._statement = statement
        self._by_engine: dict[str, _Compiled] = {}

    def compiled(self, session: Reading) -> _Compiled:
        dialect = session.dialect
        found = self._by_engine.get(dialect.name)
        if found is None:
            statement = self._statement
            whole = statement if isinstance(statement, ClauseElement) else statement(insert_of(dialect.name))
            found = self._by_engine[dialect.name] = _compile(whole, dialect)
        return found


class Prepared(Generic[*Columns]):
    """A statement that answers rows; made at import. Values are given by the names of its `bindparam`s."""

    def __init__(
        self, statement: TypedReturnsRows[*Columns] | Callable[[InsertOf], TypedReturnsRows[*Columns]]
    ) -> None:
        self._fixed = _Fixed(statement)

    def rows(self, session: Reading, **values: Any) -> list[tuple[*Columns]]:
        compiled = self._fixed.compiled(session)
        found: list[Any] = session.driver().execute(compiled.text, compiled.arguments(values)).fetchall()
        return [compiled.read(row) for row in found] if compiled.results else found

    def row(self, session: Reading, **values: Any) -> tuple[*Columns] | None:
        """The only one, if any."""
        found = self.rows(session, **values)
        assert len(found) <= 1, "more rows than one"
        return found[0] if found else None


class PreparedChange:
    """A statement that changes rows and answers none; made at import."""

    def __init__(self, statement: UpdateBase | Callable[[InsertOf], UpdateBase]) -> None:
        self._fixed = _Fixed(statement)

    def run(self, session: WriteSession, **values: Any) -> int:
        """How many rows it touched."""
        compiled = self._fixed.compiled(session)
        touched: int = session.driver().execute(compiled.text, compiled.arguments(values)).rowcount
        return touched

    def run_each(self, session: WriteSession, each: Iterable[Mapping[str, Any]]) -> None:
        compiled = self._fixed.compiled(session)
        session.driver().cursor().executemany(compiled.text, [compiled.arguments(values) for values in each])


def _compile(statement: ClauseElement, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    text = str(compiled)
    assert "[POSTCOMPILE" not in text, "a statement of no fixed shape"
    assert not [*compiled.insert_prefetch, *compiled.update_prefetch], "give every column that has a default"
    names = compiled.positiontup or list(compiled.binds)
    return _Compiled(
        text=text,
        marks=tuple(_mark(compiled, name, dialect) for name in names),
        by_name=not compiled.positional,
        results=tuple(_results(statement, dialect)),
    )


def _mark(compiled: SQLCompiler, name: str, dialect: Dialect) -> _Mark:
    bind = compiled.binds[name]
    return _Mark(name, bind.type.dialect_impl(dialect).bind_processor(dialect), _GIVEN if bind.required else bind.value)


def _results(statement: ClauseElement, dialect: Dialect) -> Iterable[tuple[int, _Process]]:
    if not isinstance(statement, TypedReturnsRows):
        return
    for place, column in enumerate(statement.exported_columns):
        kind: TypeEngine[Any] = column.type
        process = kind.dialect_impl(dialect).result_processor(dialect, None)
        if process is not None:
            yield place, process
