"""Owns hearing every statement that a head office sends to PostgreSQL, whichever way it goes: through SQLAlchemy, round it (`database.prepared`), by COPY, by a cursor of
the server's. Changes nothing of what is sent.
"""

import contextlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Pool, event

_PROGRAM = "/hq_server/"
_NOT_A_USE = ("/tests/", "/hq_server/database/", "/hq_server/initialise.py")
"""Tables are made before they are distributed; whoever asked the machinery is further up."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`origin` is the module that asked, from the tree's root; `many`: run once for each of several rows."""

    text: str
    origin: str
    many: bool = False


class Recorder:
    """Thread-safe. What tests ask by themselves is not heard."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._heard: dict[Statement, None] = {}
        self._levels: set[psycopg.IsolationLevel | None] = set()
        self._cursor: Any = _hearing(self, psycopg.Cursor)
        self._server_cursor: Any = _hearing(self, psycopg.ServerCursor)

    @property
    def heard(self) -> tuple[Statement, ...]:
        """Each once, in the order in which they were first sent."""
        with self._guard:
            return tuple(self._heard)

    @property
    def isolation_levels(self) -> set[psycopg.IsolationLevel | None]:
        """In which they were sent; None is the server's own, read committed."""
        with self._guard:
            return set(self._levels)

    @contextlib.contextmanager
    def listening(self) -> Iterator["Recorder"]:
        """To every connection that this process opens meanwhile; several may listen at once."""

        def attach(connection: Any, _entry: object) -> None:
            if isinstance(connection, psycopg.Connection):
                connection.cursor_factory = self._cursor
                connection.server_cursor_factory = self._server_cursor

        event.listen(Pool, "connect", attach)
        try:
            yield self
        finally:
            event.remove(Pool, "connect", attach)

    def note(self, cursor: psycopg.Cursor[Any], query: Any, *, many: bool = False) -> None:
        origin = _origin()
        if origin:
            with self._guard:
                self._heard[Statement(_text(query), origin, many)] = None
                self._levels.add(cursor.connection.isolation_level)


def _hearing(recorder: Recorder, kind: type[psycopg.Cursor[Any]]) -> type[psycopg.Cursor[Any]]:
    class Hearing(kind):  # type: ignore[misc, valid-type]  # of whichever kind
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            recorder.note(self, query)
            return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            recorder.note(self, query, many=True)
            super().executemany(query, params_seq, **options)

        def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
            recorder.note(self, statement)
            return super().copy(statement, params, **options)

    return Hearing


def _text(query: Any) -> str:
    match query:
        case sql.Composable():
            return query.as_string(None)
        case bytes():
            return query.decode()
        case _:
            return str(query)


def _origin() -> str:
    """The nearest module of the program on the stack that is not the machinery itself; empty when none is."""
    return next(_program_files(), "")


def _program_files() -> Iterator[str]:
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if _PROGRAM in path and not any(part in path for part in _NOT_A_USE):
            yield path[path.rindex(_PROGRAM) + 1 :]
        frame = frame.f_back  # type: ignore[assignment]  # the outermost has none
