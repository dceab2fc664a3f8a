"""The mirror: a second copy of the journal's entries, with what head office signed of their holds, on another disk, appended after the commit by a thread of its own; it lags, and
says by how much.

It never holds up a sale: a missing or full stick is shown and tried again. A journal that is behind its mirror was put back from an old disk image (H6).
"""

import errno
import logging
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sync.entry import GENESIS_HASH, entry_hash
from sync.till_trouble import MirrorFault
from terminal.journal.errors import JournalError
from terminal.journal.journal import Journal
from terminal.journal.records import Head

_log = logging.getLogger(__name__)
_BATCH: Final = 500
_RETRY_S: Final = 15.0
_SHAPE: Final = (
    """CREATE TABLE IF NOT EXISTS entries (
        seq INTEGER PRIMARY KEY, hash TEXT NOT NULL, raw BLOB NOT NULL, attachment BLOB)""",
    "CREATE TABLE IF NOT EXISTS signed_holds (hold_id TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER, signed TEXT NOT NULL)",
)


class MirrorForeign(JournalError):
    """The mirror holds another history than the journal: another till's stick, or a journal put back from an old image."""


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """`lag_entries` is None while nobody knows how far the mirror is; `fault` is None while it is being written, `words` are for the technician."""

    lag_entries: int | None
    fault: MirrorFault | None = None
    words: str = ""


class Mirror:
    """`start`, `stop` and `status` from any thread. `copy` does one round on the calling thread and raises `JournalError` or `OSError`."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self._journal = journal
        self._path = mirror_file(folder, journal.head_office.identity.terminal_id)
        self._copied: int | None = None
        self._fault: tuple[MirrorFault, str] | None = None
        self._awake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal-mirror", daemon=True)

    def start(self) -> None:
        self._journal.after_commit(self._awake.set)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._awake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def status(self) -> MirrorStatus:
        lag = None if self._copied is None else self._journal.head().seq - self._copied
        fault, words = self._fault or (None, "")
        return MirrorStatus(lag, fault, words)

    def compare(self) -> None:
        """Once at start, before the counter opens: a journal that is behind its mirror is stopped before it sells (H6). A mirror that is not there yet is the thread's care."""
        if not self._path.is_file():
            return
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as mirror:
                self._compare(_head_of(mirror))
        except (JournalError, OSError, sqlite3.Error) as error:
            _log.warning("the journal's mirror: %s", error)

    def copy(self) -> None:
        """Appends what is missing. Raises `MirrorForeign` when the two do not tell one story, and stops the till when the journal is the shorter."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path)) as mirror:
            self._path.chmod(0o600)
            mirror.execute("PRAGMA synchronous = FULL")
            for statement in _SHAPE:
                mirror.execute(statement)
            mirrored = _head_of(mirror)
            self._compare(mirrored)
            self._copied = mirrored.seq
            while stored := self._journal.stored_after(self._copied, _BATCH):
                signed = self._journal.reservations.signed_rows(stored[0][0], stored[-1][0])
                with mirror:
                    mirror.executemany("INSERT INTO entries (seq, hash, raw, attachment) VALUES (?, ?, ?, ?)", stored)
                    mirror.executemany("INSERT OR IGNORE INTO signed_holds VALUES (?, ?, ?, ?)", signed)
                self._copied = stored[-1][0]
            self._forget(mirror)

    def _forget(self, mirror: sqlite3.Connection) -> None:
        """The keys that the journal destroyed (H14)."""
        mirror.execute("PRAGMA secure_delete = ON")
        gone = [(seq,) for seq in self._journal.local_members.forgotten()]
        with mirror:
            mirror.executemany("UPDATE entries SET attachment = NULL WHERE seq = ? AND attachment IS NOT NULL", gone)

    def raw_of(self, seq: int, wanted_hash: str) -> bytes | None:
        """The entry's bytes, when the mirror has them whole; None also while it is not plugged in."""
        if not self._path.is_file():
            return None
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as mirror:
                row = mirror.execute("SELECT CAST(raw AS BLOB) FROM entries WHERE seq = ?", (seq,)).fetchone()
        except sqlite3.Error as error:
            _log.warning("the mirror cannot be read: %s", error)
            return None
        return row[0] if row is not None and entry_hash(row[0]) == wanted_hash else None

    def _compare(self, mirrored: Head) -> None:
        head = self._journal.head()
        if mirrored.seq > head.seq:
            reason = f"the journal ends at {head.seq}, its mirror at {mirrored.seq}: this disk was put back to an older state"
            self._journal.head_office.behind_mirror(reason)
            raise MirrorForeign(f"{self._path}: {reason}")
        if self._journal.hash_at(mirrored.seq) != mirrored.hash:
            raise MirrorForeign(
                f"{self._path}: entry {mirrored.seq} is not the journal's; is it another till's mirror?"
            )
        self._journal.head_office.agrees_with_mirror()

    def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            try:
                self.copy()
                self._fault = None
                wait_s = None
            except (JournalError, OSError, sqlite3.Error) as error:
                fault = fault_of(error), str(error)
                if fault != self._fault:
                    _log.warning("the journal's mirror is not being written: %s", error)
                self._fault = fault
                wait_s = _RETRY_S
            if not self._stopping:
                self._awake.wait(wait_s)


def mirror_file(folder: Path, terminal_id: str) -> Path:
    return folder / f"{terminal_id}.mirror.db"


def read_status(folder: Path, terminal_id: str, head_seq: int) -> MirrorStatus:
    """Of a mirror that nobody has open here, as it lies there: read only."""
    path = mirror_file(folder, terminal_id)
    if not path.is_file():
        return MirrorStatus(None, MirrorFault.MISSING, f"{path}: there is no mirror")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as mirror:
            mirrored = _head_of(mirror)
    except (OSError, sqlite3.Error) as error:
        return MirrorStatus(None, fault_of(error), f"{path}: {error}")
    if mirrored.seq > head_seq:
        return MirrorStatus(
            None, MirrorFault.FOREIGN, f"{path}: it ends at entry {mirrored.seq}, the journal at {head_seq}"
        )
    return MirrorStatus(head_seq - mirrored.seq)


def fault_of(error: Exception) -> MirrorFault:
    match error:
        case MirrorForeign():
            return MirrorFault.FOREIGN
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return MirrorFault.FULL
        case OSError(errno=errno.ENOENT | errno.ENOTDIR | errno.EEXIST | errno.EACCES | errno.ENODEV | errno.EROFS):
            return MirrorFault.MISSING
        case sqlite3.Error(sqlite_errorcode=sqlite3.SQLITE_FULL):
            return MirrorFault.FULL
        case sqlite3.Error(sqlite_errorcode=sqlite3.SQLITE_CANTOPEN):
            return MirrorFault.MISSING
        case _:
            return MirrorFault.FAILED


def _head_of(mirror: sqlite3.Connection) -> Head:
    row = mirror.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(row[0], row[1]) if row else Head(0, GENESIS_HASH)
