"""The journal: what happened at this till, append-only and chained (L1). The only writer of entries; everything printed is found here, and whatever is here reaches head office.

Called by the counter's use-cases to append and to read, and by the sync cycle through `outcomes` and `head_office`. Knows no printer, no network and no rule of money.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from printers.spool import PrintJob, Recovered, StoredJob, enqueue, job_of_entry, print_again, recover
from stored_value.events import Event, ShiftClosed, ShiftOpened
from stored_value.events_reservation import RESERVATION_TYPES
from stored_value.identity import EventId, MemberId, ShiftId
from sync.chain import ChainReport, verify_chain
from sync.entry import GENESIS_HASH, Entry, read_entry
from sync.event_codec import entry_of, event_of
from terminal import steps
from terminal.journal import local_members, reservations, shifts
from terminal.journal.database import Connect, JournalDatabase, connect, mapped_errors
from terminal.journal.errors import DiskFull
from terminal.journal.head_office import HeadOffice
from terminal.journal.holes import Holes
from terminal.journal.local_members import LocalMembers
from terminal.journal.outcomes import Outcomes
from terminal.journal.pin_attempts import PinAttemptCounter
from terminal.journal.records import NOTHING_RESERVED, Appended, Head, LocalMember, Reserving
from terminal.journal.reservations import Reservations
from terminal.journal.shifts import Shifts

RESERVE_BYTES: Final = 8 * 1024 * 1024
Receipts = Callable[[Entry], Sequence[PrintJob]]
"""The print jobs of an entry, made when its seq and hash are known; called under the journal's lock, so it must be quick and write nothing."""

_INSERT = (
    "INSERT INTO entries (seq, event_id, kind, member_id, shift_id, occurred_at, hash, raw, attachment)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_RAW_WHERE = "SELECT raw FROM entries WHERE seq NOT IN (SELECT seq FROM holes) AND "
_SHOWN = f"kind NOT IN ({', '.join(repr(kind.kind) for kind in RESERVATION_TYPES)})"
"""Leases come and go by themselves: no person did it, and no receipt tells of it."""


def nothing_to_print(_: Entry) -> Sequence[PrintJob]:
    return ()


class Journal:
    """Thread-safe. `shifts`, `outcomes`, `head_office`, `reservations`, `local_members` and `pin_attempts` are the other parts of the same file."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database
        self._listeners: list[Callable[[], None]] = []
        self.head_office = HeadOffice(database)
        self.outcomes = Outcomes(database, self.head_office)
        self.holes = Holes(database, self.head_office)
        self.reservations = Reservations(database, self.head_office, self._tell)
        self.shifts = Shifts(database)
        self.local_members = LocalMembers(database)
        self.pin_attempts = PinAttemptCounter(database)

    @classmethod
    def open(cls, path: Path, *, reserve_bytes: int = RESERVE_BYTES, open_file: Connect = sqlite3.connect) -> Self:
        """Creates or migrates the file. Raises `JournalError` kinds."""
        return cls(JournalDatabase.open(path, reserve_bytes=reserve_bytes, connect=open_file))

    def close(self) -> None:
        self._database.close()

    @property
    def path(self) -> Path:
        return self._database.path

    def connect_spool(self) -> sqlite3.Connection:
        """A connection for a print spool's own thread."""
        return connect(self._database.path)

    def after_commit(self, listener: Callable[[], None]) -> None:
        """`listener` is called after every new entry, and when a report has changed without one, on the committing thread; it must return at once and not raise."""
        self._listeners.append(listener)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Held by a use-case from its reads to its append, so that no two decide on the same balance. Reentrant."""
        with self._database.lock:
            yield

    def append(
        self,
        event: Event,
        *,
        receipts: Receipts = nothing_to_print,
        attachment: bytes = b"",
        local_member: LocalMember | None = None,
        reserving: Reserving = NOTHING_RESERVED,
    ) -> Appended:
        """Entry, print jobs, shift totals, reservations and local member in one durable commit. The same event id returns the entry that is there and writes nothing.
        The entry's time is the event's, or the last anchor's if that is later. Raises `DiskFull` or `DiskFault` with nothing written."""
        with self._database.lock:
            existing = self.find(event.occasion.event_id)
            if existing is not None:
                return Appended(existing, event_of(existing), existing=True)
            self._refuse_without_reserve()
            event = self._not_below_anchor(event)
            # All that is reckoned comes before the write: whoever waits for the file waits for the disk alone.
            entry = self._chained(event)
            print_jobs = receipts(entry)
            with self._database.writing() as connection:
                steps.reached(steps.TRANSACTION_BEGUN)
                self._insert(connection, event, entry, attachment)
                steps.reached(steps.ENTRY_INSERTED)
                for print_job in print_jobs:
                    enqueue(connection, print_job)
                    steps.reached(steps.PRINT_JOB_INSERTED)
                shifts.record(connection, event, entry.header.seq)
                reservations.record(connection, event, entry, reserving)
                if local_member is not None:
                    local_members.record(connection, local_member, entry.header.seq)
                steps.reached(steps.TOTALS_UPDATED)
            steps.reached(steps.COMMITTED)
        self._tell()
        return Appended(entry, event, existing=False)

    def add_print_job(self, print_job: PrintJob) -> None:
        """A reprint or a report that is no entry."""
        with self._database.writing() as connection:
            enqueue(connection, print_job)

    def recover_print_jobs(self) -> Recovered:
        """Once at start, before any spool; on a full disk, in the room that the reserve gives up."""
        try:
            return self._recover_print_jobs()
        except DiskFull:
            return self._recover_print_jobs()

    def _recover_print_jobs(self) -> Recovered:
        with self._database.writing() as connection:
            return recover(connection)

    def print_job_of(self, seq: int) -> StoredJob | None:
        """The receipt of an entry, while the spool remembers it."""
        with self._database.reading() as connection:
            return job_of_entry(connection, seq)

    def print_again(self, job_id: str) -> bool:
        """Marked, drawer shut. False when it is waiting to be printed anyway."""
        with self._database.writing() as connection:
            return print_again(connection, job_id)

    def head(self) -> Head:
        with self._database.reading() as connection:
            row = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(row[0], row[1]) if row else Head(0, GENESIS_HASH)

    def hash_at(self, seq: int) -> str | None:
        """None beyond the head; the genesis hash for 0."""
        if seq == 0:
            return GENESIS_HASH
        with self._database.reading() as connection:
            row = connection.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        return row[0] if row else None

    def find(self, event_id: EventId) -> Entry | None:
        return self._database.remembered(("entry", event_id), lambda _: self._one("event_id = ?", event_id))

    def entry(self, seq: int) -> Entry | None:
        return self._one("seq = ?", seq)

    def recent(self, limit: int, *, kinds: Sequence[str] = ()) -> tuple[Entry, ...]:
        """The newest entries that have receipts, newest first; of those kinds only, when any is named."""
        wanted = f"kind IN ({','.join('?' * len(kinds))})" if kinds else _SHOWN
        with self._database.reading() as connection:
            rows = connection.execute(_RAW_WHERE + wanted + " ORDER BY seq DESC LIMIT ?", (*kinds, limit)).fetchall()
        return tuple(read_entry(row[0]) for row in rows)

    def recent_of(self, member_id: MemberId, limit: int) -> tuple[Entry, ...]:
        """The member's newest entries that have receipts, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                _RAW_WHERE + f"member_id = ? AND {_SHOWN} ORDER BY seq DESC LIMIT ?", (member_id, limit)
            ).fetchall()
        return tuple(read_entry(row[0]) for row in rows)

    def entries_of_shift(self, shift_id: ShiftId) -> tuple[Entry, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(_RAW_WHERE + "shift_id = ? ORDER BY seq", (shift_id,)).fetchall()
        return tuple(read_entry(row[0]) for row in rows)

    def stored_after(self, seq: int, limit: int) -> list[tuple[int, str, bytes, bytes | None]]:
        """(seq, hash, raw, attachment) of the entries that follow, as they lie in the file."""
        with self._database.reading() as connection:
            return connection.execute(
                "SELECT seq, hash, raw, attachment FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
            ).fetchall()

    def pending_count(self) -> int:
        """Entries whose outcome is not known."""
        with self._database.lock:
            return self.head().seq - self.outcomes.settled_through()

    def verify(self) -> ChainReport:
        """Reads every entry and checks the chain. Bytes are compared with nothing but themselves: truncation shows only against head office."""
        identity = self.head_office.identity
        with self._database.reading() as connection:
            raws = [row[0] for row in connection.execute("SELECT raw FROM entries ORDER BY seq")]
        return verify_chain(raws, identity.terminal_id)

    def disk_is_full(self) -> bool:
        """True while new entries are refused; tries to take the reserve back first. Raises `DiskFault`."""
        reserve = self._database.reserve
        with mapped_errors(self.path):
            return reserve.released and not reserve.hold()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _refuse_without_reserve(self) -> None:
        if self.disk_is_full():
            raise DiskFull(
                f"{self.path}: the disk is full; nothing was written. Free space on it, the till then goes on by itself"
            )

    def _not_below_anchor(self, event: Event) -> Event:
        occasion = event.occasion
        occurred_at = self.head_office.not_below_anchor(occasion.occurred_at)
        if occurred_at == occasion.occurred_at:
            return event
        return replace(event, occasion=replace(occasion, occurred_at=occurred_at))

    def _chained(self, event: Event) -> Entry:
        head = self.head()
        office = self.head_office
        return entry_of(
            event, seq=head.seq + 1, prev=head.hash, incarnation=office.identity.incarnation, anchor=office.anchor
        )

    @staticmethod
    def _insert(connection: sqlite3.Connection, event: Event, entry: Entry, attachment: bytes) -> None:
        member_id = None if isinstance(event, ShiftOpened | ShiftClosed) else event.member_id
        occasion = event.occasion
        connection.execute(
            _INSERT,
            (
                entry.header.seq,
                occasion.event_id,
                event.kind,
                member_id,
                occasion.shift_id,
                occasion.occurred_at.isoformat(),
                entry.hash,
                entry.raw,
                attachment or None,
            ),
        )

    def _one(self, condition: str, value: str | int) -> Entry | None:
        with self._database.reading() as connection:
            row = connection.execute(_RAW_WHERE + condition, (value,)).fetchone()
        return read_entry(row[0]) if row else None
