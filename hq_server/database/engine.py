"""Owns HQ's one engine: how SQLite and PostgreSQL are opened, and the two kinds of session. Services take a session; only `Database` opens, commits and rolls back.

A `WriteSession` is one unit of work: committed as a whole at the end of the `with`, or not at all. On SQLite it takes the write lock at its beginning.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg
import psycopg.errors
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_S: Final = 10
POOL_SIZE: Final = 16
_WRITES: Final = "hq_writes"


class DatabaseUnfit(Exception):
    """The database's URL or file cannot serve; the message names the remedy."""


_SQLITE_REFUSALS: Final = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_CHECK,
        sqlite3.SQLITE_CONSTRAINT_NOTNULL,
        sqlite3.SQLITE_CONSTRAINT_TRIGGER,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_MISMATCH,
    }
)


class StorageFull(Exception):
    """The database could not grow: nothing of the unit of work was kept."""


class DatabaseBusy(Exception):
    """Another writer held what this one needed for too long, or both waited for each other: nothing was kept, the same again may succeed. Or the database went away,
    perhaps while it committed: whoever asks again asks with the same ids."""


CLASHES: Final = (IntegrityError, psycopg.IntegrityError, sqlite3.IntegrityError)
"""What two units of work that bring the same row may raise: done again, one finds what the other left. By SQLAlchemy, or bare when the driver ran the statement."""


class Reading(Protocol):
    """What prepared statements read from: one consistent state of the database."""

    def driver(self) -> Any: ...

    @property
    def dialect(self) -> Dialect: ...


class Look:
    """A short reading by prepared statements alone: costs a fifth of a session, and knows no entities."""

    def __init__(self, driver: Any, dialect: Dialect) -> None:
        self._driver = driver
        self.dialect = dialect

    def driver(self) -> Any:
        return self._driver


class ReadSession(Session):
    """Reads one consistent state; must not write."""

    _driver: Any = None
    _driven_in: SessionTransaction | None = None
    """In which transaction that driver's connection is this session's: to ask SQLAlchemy takes as long as a small statement."""

    def driver(self) -> Any:
        """The driver's own connection within this unit of work, which knows by now what the session has changed. For `prepared` and `batch_writer` alone."""
        transaction = self._innermost()
        if transaction is None or transaction is not self._driven_in:
            # Of a savepoint, this is what sets it.
            self._driver = self.connection().connection.driver_connection
            self._driven_in = self._innermost()
        if self.autoflush:
            self.flush()
        return self._driver

    def _innermost(self) -> SessionTransaction | None:
        return self.get_nested_transaction() or self.get_transaction()

    @property
    def dialect(self) -> Dialect:
        assert isinstance(self.bind, Engine)
        return self.bind.dialect


class WriteSession(ReadSession):
    """One unit of work."""


class Database:
    """The engine with its sessions; thread-safe. Made once by the composition root."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(**{_WRITES: True})
        # SQLite's readers see one state anyway.
        self._reader = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        # SQLite has one writer. Waiting here is fair and wakes at once; SQLite's own waiting naps.
        self._sqlite_turn = threading.Lock()

    @contextlib.contextmanager
    def read(self) -> Iterator[ReadSession]:
        with _translated(), ReadSession(self._reader, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def look(self) -> Iterator[Look]:
        """As `read`, for what needs prepared statements only."""
        with _translated(), contextlib.closing(self.engine.raw_connection()) as pooled:
            driver: Any = pooled.driver_connection
            if self.is_sqlite:
                driver.execute("BEGIN").close()
                yield Look(driver, self.engine.dialect)
                return
            driver.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            try:
                yield Look(driver, self.engine.dialect)
            finally:
                driver.rollback()
                driver.isolation_level = None

    @contextlib.contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Commits at the end; rolls back and raises when the block raises. May raise `StorageFull` or `DatabaseBusy`."""
        with (
            _translated(),
            self._turn(),
            WriteSession(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if not self._sqlite_turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise DatabaseBusy("another writer of this process keeps the database")
        try:
            yield
        finally:
            self._sqlite_turn.release()

    def close(self) -> None:
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise DatabaseUnfit("SQLite needs a file: sqlite:////var/lib/tongchu/hq.db")
            if not Path(parsed.database).absolute().parent.is_dir():
                raise DatabaseUnfit(f"the folder of {parsed.database} does not exist: make it, or change the URL")
            engine = create_engine(parsed, pool_size=POOL_SIZE, connect_args={"timeout": BUSY_TIMEOUT_S})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        case "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_size=POOL_SIZE,
                max_overflow=POOL_SIZE,
                pool_pre_ping=True,
            )
        case other:
            raise DatabaseUnfit(f"{other} is not supported: give an sqlite:/// or postgresql:// URL")


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)
    # Python's module must not begin units of work by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """By the driver itself: through SQLAlchemy it would cost as much as a small query, at every unit of work."""
    writes = connection.get_execution_options().get(_WRITES, False)
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN").close()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """The faults of a database that a caller can answer sensibly, as this module's own errors. COPY and BEGIN raise the driver's errors bare."""
    try:
        yield
    except NoConnectionFree as error:
        raise DatabaseBusy("every connection to the database is in use") from error
    except (DBAPIError, psycopg.Error, sqlite3.Error) as error:
        causes = list(_causes(error))
        if any(map(_is_full, causes)):
            raise StorageFull("the database's disk is full") from error
        if any(map(_is_busy, causes)):
            raise DatabaseBusy(str(causes[0])) from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException | None]:
    """The newest first. A full disk ends SQLite's whole unit of work, so the error that arrives is that a savepoint of it is gone."""
    while error is not None:
        yield error.orig if isinstance(error, DBAPIError) else error
        error = error.__context__


def is_unstorable(error: Exception) -> bool:
    """The database refuses these very values, today and tomorrow: a text it cannot hold, a number too large, a CHECK that does not hold."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    match cause:
        case sqlite3.Error():
            return getattr(cause, "sqlite_errorcode", 0) in _SQLITE_REFUSALS or isinstance(cause, sqlite3.DataError)
        case OverflowError() | UnicodeEncodeError():
            return True
        case _:
            return isinstance(
                cause, psycopg.DataError | psycopg.errors.CheckViolation | psycopg.errors.NotNullViolation
            )


def _is_full(cause: BaseException | None) -> bool:
    match cause:
        case sqlite3.Error():
            return getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
        case _:
            return isinstance(cause, psycopg.errors.DiskFull)


def _is_busy(cause: BaseException | None) -> bool:
    match cause:
        case sqlite3.Error():
            return getattr(cause, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        case _:
            waited = (
                psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure | psycopg.errors.LockNotAvailable
            )
            away = psycopg.errors.AdminShutdown | psycopg.errors.CrashShutdown | psycopg.errors.CannotConnectNow
            # A connection that failed or was lost has no class of its own.
            return isinstance(cause, waited | away) or type(cause) is psycopg.OperationalError
