"""The file replica.db: opening, two connections (one reads while the other writes), replacing it by rename while others read. Knows no row.

Rename and unlink are safe only while no connection is open, because SQLite finds the log of a file by its name; so both connections are closed for it.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar, cast

from sqlalchemy.exc import DatabaseError

from sync import replica_schema
from terminal import steps
from terminal.replica.errors import ReplicaUnreadable

T = TypeVar("T")
_BUSY_TIMEOUT_S: Final = 5.0
_REMEMBERED_MAX: Final = 256
_NOT_DAMAGE: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    }
)
"""What a disk without room, without rights or with a fault answers; the file itself may be in order."""


class ReplicaFile:
    """Thread-safe. A file that is missing or damaged is made anew, empty; its content comes again from head office."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened_as: tuple[int, int] | None = None
        self._read_lock = threading.RLock()
        self._write_lock = threading.RLock()
        self._written = 0
        self._unchanged: dict[tuple[str, ...], object] = {}
        self._unchanged_since = 0
        self._reading_since: int | None = None
        with mapped_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open_or_make()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state for the length of the block."""
        with self._read_lock, mapped_errors(self.path):
            connection = self._reader
            outermost = not connection.in_transaction
            if outermost:
                self._reading_since = self._written
                connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if outermost:
                    self._reading_since = None
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")

    def remembered(self, key: tuple[str, ...], read: Callable[[sqlite3.Connection], T]) -> T:
        """What `read` gives, read once until something is written or the file is replaced. Inside a block of `reading` it may be a moment older than the
        block's other rows, never newer than what is committed. `key` names the question and everything that the answer depends on."""
        with self._read_lock:
            # Counted before anything is read: what is committed meanwhile is read again later, never kept as current.
            since = self._written if self._reading_since is None else self._reading_since
            if self._unchanged_since != since or len(self._unchanged) >= _REMEMBERED_MAX:
                self._unchanged_since = since
                self._unchanged.clear()
            if key not in self._unchanged:
                with self.reading() as connection:
                    self._unchanged[key] = read(connection)
            return cast(T, self._unchanged[key])

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; rolled back when the block raises. Not nested."""
        with self._write_lock, mapped_errors(self.path):
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
                steps.reached(steps.REPLICA_WRITTEN)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._written += 1

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._close()

    def seal(self) -> None:
        """Everything into the one file, and closed: it may now be renamed."""
        with self._write_lock, self._read_lock, mapped_errors(self.path):
            self._reader.close()
            busy, *_ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._writer.close()
        if busy:
            raise ReplicaUnreadable(f"{self.path}: another program is reading it; it cannot be put in place")

    def was_replaced(self) -> bool:
        """Somebody deleted or exchanged the file under us, or the disk failed while it was exchanged: it wants `reopen`."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return True
        return (there.st_dev, there.st_ino) != self._opened_as

    def reopen(self) -> None:
        """Goes on with whatever lies at the path now."""
        with self._write_lock, self._read_lock, mapped_errors(self.path):
            self._close()
            self._open_or_make()

    def become(self, other: Path) -> None:
        """`other`, closed by the caller, takes this file's place; reads wait, none sees anything in between."""
        with self._write_lock, self._read_lock, mapped_errors(self.path):
            self._close()
            try:
                remove_file(self.path)
                steps.reached(steps.REPLICA_REPLACING)
                other.replace(self.path)
                _sync_folder(self.path.parent)
            finally:
                self._open_or_make()

    def clear(self) -> None:
        with self._write_lock, self._read_lock, mapped_errors(self.path):
            self._close()
            try:
                remove_file(self.path)
            finally:
                self._open_or_make()

    def _open_or_make(self) -> None:
        try:
            self._open()
        except (sqlite3.DatabaseError, DatabaseError) as error:
            if _is_the_disks_fault(error):
                raise  # what lies there may be whole: offline it cannot be fetched again
            remove_file(self.path)
            self._open()

    def _open(self) -> None:
        replica_schema.upgrade(self.path)
        self.path.chmod(0o600)
        self._writer = self._connect()
        self._reader = self._connect()
        there = self.path.stat()
        self._opened_as = (there.st_dev, there.st_ino)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose the last pages of the feed; they are fetched again.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _close(self) -> None:
        self._opened_as = None
        self._written += 1
        self._reader.close()
        self._writer.close()


def remove_file(path: Path) -> None:
    """With its log, which SQLite would take for that of the next file by this name."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class mapped_errors:  # noqa: N801 - used as a function
    """A context in which what SQLite and the disk raise becomes `ReplicaUnreadable`. A class: a generator takes four times as long, and every look enters one."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, (sqlite3.DatabaseError, DatabaseError, OSError)):
            raise ReplicaUnreadable(f"{self._path}: {error}") from error


def _is_the_disks_fault(error: sqlite3.DatabaseError | DatabaseError) -> bool:
    cause = error.orig if isinstance(error, DatabaseError) else error
    return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _NOT_DAMAGE


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
