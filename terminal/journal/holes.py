"""Entries whose bytes the disk has lost (H7): putting the very bytes back from a second copy, else declaring a hole, signed, so that the chain goes on from their hash.

A mended entry is not a changed one: its bytes have the hash that stood beside them from the start. Called by the sync cycle before a push and by a technician's command.
"""

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.entry import entry_hash
from sync.hole import DeclaredHole, sign_hole
from terminal.journal.database import JournalDatabase
from terminal.journal.errors import JournalError
from terminal.journal.head_office import HeadOffice

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder(order="sorted").encode
_GUARD = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'entries_never_change'"
SecondCopy = Callable[[int, str], bytes | None]
"""The bytes of the entry with that seq and hash, None when the copy does not have them."""


class EntryNotLost(JournalError):
    """The entry is as it was written, or there is none: nothing may be declared."""


class Holes:
    """Thread-safe."""

    def __init__(self, database: JournalDatabase, head_office: HeadOffice) -> None:
        self._database = database
        self._head_office = head_office
        self._second_copy: SecondCopy | None = None

    def mend_from(self, second_copy: SecondCopy) -> None:
        """Called once, before the first cycle."""
        self._second_copy = second_copy

    def mend(self, seq: int) -> bool:
        """Puts the bytes of an unreadable entry back from the second copy; False when it does not have them."""
        if self._second_copy is None:
            return False
        written_hash = self._written(seq)[0]
        raw = self._second_copy(seq, written_hash)
        if raw is None or entry_hash(raw) != written_hash:
            return False
        with self._database.writing() as connection:
            (guard,) = connection.execute(_GUARD).fetchone()
            connection.execute("DROP TRIGGER entries_never_change")
            connection.execute("UPDATE entries SET raw = ? WHERE seq = ?", (raw, seq))
            connection.execute(guard)
        _log.warning("entry %s had rotted and was put back from the mirror", seq)
        return True

    def declare(self, seq: int, key: Ed25519PrivateKey, *, by: str, now: datetime) -> DeclaredHole:
        """Says for ever that the entry's bytes are lost; the same again returns what was declared. Raises `EntryNotLost`."""
        written_hash, raw, event_id, kind, member_id = self._written(seq)
        if entry_hash(raw) == written_hash:
            raise EntryNotLost(f"{self._database.path}: entry {seq} is as it was written; nothing is lost")
        identity = self._head_office.identity
        bare = DeclaredHole(
            terminal_id=identity.terminal_id,
            incarnation=identity.incarnation,
            seq=seq,
            hash=written_hash,
            declared_at=now,
            declared_by=by,
            event_id=event_id,
            kind=kind,
            member_id=member_id or "",
        )
        with self._database.writing() as connection:
            known = declared_at_seq(connection, seq)
            if known is not None:
                return known
            hole = sign_hole(key, bare)
            connection.execute("INSERT INTO holes (seq, document) VALUES (?, ?)", (seq, _encode(hole).decode()))
        return hole

    def _written(self, seq: int) -> tuple[str, bytes, str, str, str | None]:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT hash, CAST(raw AS BLOB), event_id, kind, member_id FROM entries WHERE seq = ?", (seq,)
            ).fetchone()
        if row is None:
            raise EntryNotLost(f"{self._database.path}: there is no entry {seq}")
        return row[0], row[1], row[2], row[3], row[4]


def declared_at_seq(connection: sqlite3.Connection, seq: int) -> DeclaredHole | None:
    row = connection.execute("SELECT document FROM holes WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=DeclaredHole)
