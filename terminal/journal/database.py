"""The file journal.db: opening, migrating, one connection behind one lock, and the mapping of SQLite's errors to this package's. Knows no entry.

Every commit is durable when it returns (WAL, synchronous=FULL). Callers are the modules of this package.
"""

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar, cast

from sqlalchemy.exc import DatabaseError

from terminal import steps
from terminal.journal.errors import DiskFault, DiskFull, JournalDamaged, JournalError, JournalInUse, JournalTooNew
from terminal.journal.reserve import Reserve

BUSY_TIMEOUT_MS: Final = 5_000
REMEMBERED_MAX: Final = 256
LOG_PAGES_MAX: Final = 4_000
"""When a payment's commit copies SQLite's log into the file, which takes several flushes. A print spool's thread, which keeps SQLite's own 1,000 pages, comes
first where there is a printer."""
REVISION: Final = "j0004"
"""The newest revision in `migrations`; a test compares."""

T = TypeVar("T")
Connect = Callable[..., sqlite3.Connection]
"""How the file is opened: `sqlite3.connect`, unless a simulation stands in for the disk."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FAULTY: Final = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def connect(path: Path) -> sqlite3.Connection:
    """A connection of one thread's own that commits durably; used by the print spool, which shares the file."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)
    _set_pragmas(connection)
    return connection


def _set_pragmas(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


class JournalDatabase:
    """`writing` and `reading` may be used from any thread; both hold the lock, so keep them short."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock_file: int, reserve: Reserve) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.reserve = reserve
        self._connection = connection
        self._lock_file = lock_file
        self._unchanged: dict[tuple[str, ...], object] = {}

    @classmethod
    def open(cls, path: Path, *, reserve_bytes: int, connect: Connect = sqlite3.connect) -> Self:
        """Creates or migrates the file; on a full disk, in the room that the reserve gives up. Raises `JournalInUse`, `JournalTooNew`, `JournalDamaged`,
        `DiskFull` or `DiskFault`."""
        with mapped_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock_file = _take_lock(path)
        reserve = Reserve(path.with_suffix(".reserve"), reserve_bytes)
        try:
            try:
                connection = _opened(path, connect)
                reserve.hold_if_possible()
            except (DiskFull, DiskFault):
                if not reserve.is_there():
                    raise
                reserve.release()
                connection = _opened(path, connect)
        except BaseException:
            os.close(lock_file)
            raise
        return cls(path, connection, lock_file, reserve)

    def close(self) -> None:
        with self.lock:
            self._connection.close()
            os.close(self._lock_file)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        return _Reading(self.lock, self._connection, self.path)

    def remembered(self, key: tuple[str, ...], read: Callable[[sqlite3.Connection], T]) -> T:
        """What `read` gives, read once until something is written: a payment asks for the same rows again and again. `key` names the question and everything
        that the answer depends on; only this program writes what is asked for so. Inside a write the file is asked."""
        with self.lock:
            if self._connection.in_transaction:
                return read(self._connection)
            if key not in self._unchanged:
                if len(self._unchanged) >= REMEMBERED_MAX:
                    self._unchanged.clear()
                with mapped_errors(self.path):
                    self._unchanged[key] = read(self._connection)
            return cast(T, self._unchanged[key])

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed durably when the block ends, rolled back when it raises. Not nested."""
        with self.lock, mapped_errors(self.path, self.reserve):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
                steps.reached(steps.JOURNAL_WRITTEN)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._unchanged.clear()


class mapped_errors:  # noqa: N801 - used as a function
    """A context in which what SQLite and the disk raise becomes this package's errors. A class: a payment enters dozens, and a generator takes four times as long."""

    __slots__ = ("_path", "_reserve")

    def __init__(self, path: Path, reserve: Reserve | None = None) -> None:
        self._path = path
        self._reserve = reserve

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is not None:
            _raise_mapped(error, self._path, self._reserve)


class _Reading:
    """The same with the journal's lock, for its connection."""

    __slots__ = ("_connection", "_lock", "_path")

    def __init__(self, lock: AbstractContextManager[bool], connection: sqlite3.Connection, path: Path) -> None:
        self._lock = lock
        self._connection = connection
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._lock.__enter__()
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.__exit__(kind, error, trace)
        if error is not None:
            _raise_mapped(error, self._path, None)


def _raise_mapped(error: BaseException, path: Path, reserve: Reserve | None) -> None:
    """What is not the file's or the disk's is left as it is."""
    if isinstance(error, OSError):
        kind = DiskFull if error.errno in _NO_ROOM else DiskFault
        raise kind(f"{path}: {error.strerror}; nothing was written") from error
    cause = error.orig if isinstance(error, DatabaseError) else error  # Alembic's way of saying it
    if isinstance(cause, sqlite3.DatabaseError):
        raise _journal_error(path, cause, reserve) from error


def _journal_error(path: Path, error: sqlite3.DatabaseError, reserve: Reserve | None) -> Exception:
    """`error` itself where it is a bug of the caller."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        if reserve is not None:
            reserve.release()
        return DiskFull(f"{path}: the disk is full; nothing was written. Free space on it and try again")
    if code in _FAULTY:
        return DiskFault(f"{path}: {error}; nothing was written. Check the disk, its cable and its rights")
    if code in _DAMAGED:
        return JournalDamaged(f"{path}: {error}; run `tongchu journal verify` and restore from the mirror")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalInUse(f"{path}: locked by another program for more than {BUSY_TIMEOUT_MS} ms")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return error
    return JournalError(f"{path}: {error}")


def _opened(path: Path, connect: Connect) -> sqlite3.Connection:
    with mapped_errors(path):
        _migrate(path)
        connection = connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            _set_pragmas(connection)
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES_MAX}")
            path.chmod(0o600)
        except BaseException:
            connection.close()
            raise
        return connection


def _take_lock(path: Path) -> int:
    """Two tills on one journal would fork it."""
    lock_file = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock_file)
        raise JournalInUse(f"{path}: another till program on this machine has it open") from error
    return lock_file


def _migrate(path: Path) -> None:
    revision = _revision_of(path)
    if revision == REVISION:
        return
    if revision is not None and revision > REVISION:
        raise JournalTooNew(f"{path}: written by a newer program (revision {revision}); install that or a later one")
    from terminal.journal.migrations import upgrade

    upgrade(path)


def _revision_of(path: Path) -> str | None:
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    finally:
        connection.close()
    return str(row[0]) if row else None
