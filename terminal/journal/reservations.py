"""What this till may use of reservations: its requests for holds, the leases it has, what it took at its own risk, and what it last reported of all that (L5, H2).

The requests are written down before they are sent. Leases are a projection of the entries, kept by `Journal.append` in the entry's own commit. Written by the counter and
by the sync cycle.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from stored_value.events import Event, TopUpReversed
from stored_value.events_reservation import LeaseAccepted, LeaseReturned
from stored_value.identity import MemberId
from stored_value.reservation_records import ReservationId
from sync.entry import GENESIS_HASH, Entry
from sync.signed_hold import SignedHold
from terminal.journal.database import JournalDatabase
from terminal.journal.errors import JournalError
from terminal.journal.head_office import HeadOffice
from terminal.journal.records import NOTHING_RESERVED, Head, HoldAsked, OpenLease, Report, Reserving, RiskTaken

_log = logging.getLogger(__name__)
_encode = msgspec.json.encode
_OPEN_LEASE = "SELECT lease_id, member_id, number, left_minor, expires_at FROM leases WHERE closed_seq IS NULL"
_RISK = (
    "SELECT coalesce(sum(amount_minor), 0), coalesce(sum(amount_minor) FILTER (WHERE member_id = ?), 0),"
    " coalesce(sum(amount_minor) FILTER (WHERE member_id = ?"
    "  AND seq > (SELECT coalesce(max(seq), 0) FROM outcomes)), 0) FROM risk_taken"
)
_FORGET_REQUESTS = (
    "DELETE FROM hold_requests WHERE state IN ('used', 'dropped', 'refused') AND number <= ?"
    " AND number < (SELECT max(number) FROM hold_requests)"
    " AND hold_id NOT IN (SELECT value FROM json_each(?))"
)
_FORGET_UNUSED = "DELETE FROM signed_holds WHERE seq IS NULL AND hold_id NOT IN (SELECT hold_id FROM hold_requests)"
_SIGNED = "SELECT signed FROM signed_holds WHERE seq BETWEEN ? AND ? AND epoch <> ? ORDER BY seq, hold_id"
_DROP = "UPDATE hold_requests SET state = 'dropped' WHERE hold_id = ? AND state IN ('asked', 'held')"
_INSERT_LEASE = (
    "INSERT INTO leases (lease_id, member_id, number, left_minor, has_things, expires_at, opened_seq)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def record(connection: sqlite3.Connection, event: Event, entry: Entry, reserving: Reserving) -> None:
    """Within the entry's transaction."""
    seq = entry.header.seq
    if entry.header.reservations:
        _use(connection, entry)
    if reserving is not NOTHING_RESERVED:
        _keep(connection, entry, reserving)
    match event:
        case LeaseAccepted():
            expires_at = None if event.expires_at is None else event.expires_at.isoformat()
            connection.execute(
                _INSERT_LEASE,
                (
                    event.lease_id,
                    event.member_id,
                    event.number,
                    event.amount_minor,
                    bool(event.things),
                    expires_at,
                    seq,
                ),
            )
            connection.execute(
                "UPDATE reservation_marks SET grant_watermark = max(grant_watermark, ?)", (event.number,)
            )
        case LeaseReturned():
            _close(connection, event.lease_id, seq)
        case TopUpReversed():
            _close(connection, event.top_up_id, seq)
        case _:
            pass


def _use(connection: sqlite3.Connection, entry: Entry) -> None:
    """Leases give in the order named, a hold ends with its entry: as `stored_value.reservations.settle`."""
    left = entry.header.out_minor
    for reservation_id in entry.header.reservations:
        row = connection.execute(
            "SELECT left_minor, has_things FROM leases WHERE lease_id = ? AND closed_seq IS NULL", (reservation_id,)
        ).fetchone()
        if row is None:
            connection.execute("UPDATE hold_requests SET state = 'used' WHERE hold_id = ?", (reservation_id,))
            connection.execute("UPDATE signed_holds SET seq = ? WHERE hold_id = ?", (entry.header.seq, reservation_id))
            continue
        taken = min(left, row[0])
        left -= taken
        connection.execute("UPDATE leases SET left_minor = left_minor - ? WHERE lease_id = ?", (taken, reservation_id))
        if taken == row[0] and not row[1]:
            _close(connection, reservation_id, entry.header.seq)


def _keep(connection: sqlite3.Connection, entry: Entry, reserving: Reserving) -> None:
    seq, member_id = entry.header.seq, entry.header.members[0]
    if reserving.leased_minor:
        connection.execute(_INSERT_LEASE, (entry.header.id, member_id, 0, reserving.leased_minor, False, None, seq))
    if reserving.risk_minor:
        connection.execute("INSERT INTO risk_taken VALUES (?, ?, ?)", (seq, member_id, reserving.risk_minor))


def _close(connection: sqlite3.Connection, lease_id: str, seq: int) -> None:
    connection.execute("UPDATE leases SET closed_seq = ? WHERE lease_id = ? AND closed_seq IS NULL", (seq, lease_id))


def begin_epoch(connection: sqlite3.Connection) -> None:
    """Head office counts its grants to this till anew, and knows of no report (H1). The till's own count goes on."""
    connection.execute("UPDATE reservation_marks SET grant_watermark = 0, reported = NULL")


class Reservations:
    """Thread-safe. `on_change` is called, outside the lock, when there is something new to report without an entry."""

    def __init__(self, database: JournalDatabase, head_office: HeadOffice, on_change: Callable[[], None]) -> None:
        self._database = database
        self._head_office = head_office
        self._on_change = on_change
        self._given_up: set[ReservationId] = set()

    # holds

    def ask(self, asked: HoldAsked, at: datetime) -> int:
        """Durable before it is sent; the request's number."""
        with self._database.writing() as connection:
            (number,) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM hold_requests").fetchone()
            connection.execute(
                "INSERT INTO hold_requests VALUES (?, ?, ?, ?, ?, ?, 'asked', ?)",
                (
                    number,
                    asked.hold_id,
                    asked.event_id,
                    asked.member_id,
                    asked.amount_minor,
                    _encode(asked.things).decode(),
                    at.isoformat(),
                ),
            )
        return int(number)

    def count_past(self, number: int, at: datetime) -> None:
        """To head office, requests up to `number` are over. Those that this journal has not counted are a copy's of its disk, or were made before the disk was put back (H6): no
        payment of this journal uses them, and the next report says so."""
        with self._database.reading() as connection:
            (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM hold_requests").fetchone()
        if number <= last:
            return
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO hold_requests VALUES (?, ?, '', '', 0, '[]', 'dropped', ?)",
                (number, f"counted:{number}", at.isoformat()),
            )
        self._on_change()

    def answered(self, hold_id: ReservationId, *, held: bool, signed: SignedHold | None = None) -> None:
        """`signed`: head office's word of it, kept as long as the entry that uses the hold may be sent again, which is for ever."""
        with self._database.writing() as connection:
            if signed is not None:
                row = (hold_id, self._head_office.epoch, _encode(signed).decode())
                connection.execute("INSERT OR IGNORE INTO signed_holds (hold_id, epoch, signed) VALUES (?, ?, ?)", row)
            connection.execute(
                "UPDATE hold_requests SET state = ? WHERE hold_id = ? AND state = 'asked'",
                ("held" if held else "refused", hold_id),
            )

    def drop(self, hold_id: ReservationId) -> None:
        """No entry came of it: the next report releases it. Changes nothing once an entry has used it or head office refused it. A disk that does not take that now
        is asked again before the next report, and what was decided about the payment stands."""
        with self._database.lock:
            self._given_up.add(hold_id)
        self._drop_given_up()

    def _drop_given_up(self) -> None:
        dropped = 0
        with self._database.lock:
            try:
                with self._database.writing() as connection:
                    for hold_id in sorted(self._given_up):
                        dropped += connection.execute(_DROP, (hold_id,)).rowcount
            except JournalError as error:
                _log.warning("what was held for a payment that came to nothing stays held for now: %s", error)
                return
            self._given_up.clear()
        if dropped:
            self._on_change()

    def drop_open_holds(self) -> None:
        """Of a program that is no more: their payments died with it."""
        with self._database.writing() as connection:
            connection.execute("UPDATE hold_requests SET state = 'dropped' WHERE state IN ('asked', 'held')")

    def signed_of(self, from_seq: int, to_seq: int) -> tuple[SignedHold, ...]:
        """Of the holds that these entries used, those that were granted in an epoch that is over: head office may have forgotten them (H1)."""
        with self._database.reading() as connection:
            rows = connection.execute(_SIGNED, (from_seq, to_seq, self._head_office.epoch)).fetchall()
        return signed_in(row[0] for row in rows)

    def signed_rows(self, from_seq: int, to_seq: int) -> list[tuple[str, str, int, str]]:
        """As they lie in the file, for its copies: of all holds that these entries used."""
        wanted = "SELECT hold_id, epoch, seq, signed FROM signed_holds WHERE seq BETWEEN ? AND ?"
        with self._database.reading() as connection:
            return connection.execute(wanted, (from_seq, to_seq)).fetchall()

    # leases

    def open_leases(self) -> tuple[OpenLease, ...]:
        with self._database.reading() as connection:
            return _leases(connection.execute(_OPEN_LEASE + " ORDER BY lease_id").fetchall())

    def open_leases_of(self, member_id: MemberId) -> frozenset[ReservationId]:
        def read(connection: sqlite3.Connection) -> frozenset[ReservationId]:
            found = connection.execute(_OPEN_LEASE + " AND member_id = ?", (member_id,))
            return frozenset(ReservationId(row[0]) for row in found)

        return self._database.remembered(("open leases", member_id), read)

    def grant_watermark(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("SELECT grant_watermark FROM reservation_marks").fetchone()[0])

    def skip_grant(self, number: int) -> None:
        """Not taken, and never will be."""
        with self._database.writing() as connection:
            connection.execute("UPDATE reservation_marks SET grant_watermark = max(grant_watermark, ?)", (number,))

    def forget_lease(self, lease_id: ReservationId) -> None:
        """Head office has closed it: there is nothing to give back."""
        with self._database.writing() as connection:
            _close(connection, lease_id, _head(connection).seq)

    # risk

    def risk_taken(self, member_id: MemberId) -> RiskTaken:
        """Since the last report that head office acknowledged; few rows, because the till's cap bounds them."""

        def read(connection: sqlite3.Connection) -> RiskTaken:
            row = connection.execute(_RISK, (member_id, member_id)).fetchone()
            return RiskTaken(till_minor=row[0], member_minor=row[1], unsettled_minor=row[2])

        return self._database.remembered(("risk", member_id), read)

    # reports

    def report(self) -> Report:
        """Head, watermarks and open set of one moment (H2). A request whose answer is still awaited is above the watermark: head office must not think it late."""
        if self._given_up:
            self._drop_given_up()
        with self._database.reading() as connection:
            (grants,) = connection.execute("SELECT grant_watermark FROM reservation_marks").fetchone()
            (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM hold_requests").fetchone()
            (awaited,) = connection.execute("SELECT min(number) FROM hold_requests WHERE state = 'asked'").fetchone()
            holds = connection.execute("SELECT hold_id FROM hold_requests WHERE state IN ('asked', 'held')").fetchall()
            leases = connection.execute("SELECT lease_id FROM leases WHERE closed_seq IS NULL").fetchall()
            return Report(
                epoch=self._head_office.epoch,
                head=_head(connection),
                grant_watermark=grants,
                request_watermark=last if awaited is None else awaited - 1,
                open_reservations=tuple(sorted(row[0] for row in (*holds, *leases))),
            )

    def is_news(self, report: Report) -> bool:
        """Head office has not acknowledged this very report."""
        with self._database.reading() as connection:
            (reported,) = connection.execute("SELECT reported FROM reservation_marks").fetchone()
        return bool(reported != _text(report))

    def acknowledged(self, report: Report) -> None:
        """Head office holds every entry up to the report's head, and has closed what the report closes. What was risked until then is no risk any more, and
        requests that the report passed are forgotten, but for the newest, which keeps the count."""
        listed = _encode(report.open_reservations).decode()
        with self._database.writing() as connection:
            connection.execute("UPDATE reservation_marks SET reported = ?", (_text(report),))
            connection.execute(_FORGET_REQUESTS, (report.request_watermark, listed))
            connection.execute(_FORGET_UNUSED)
            connection.execute("DELETE FROM risk_taken WHERE seq <= ?", (report.head.seq,))


def signed_in(rows: Iterable[str]) -> tuple[SignedHold, ...]:
    """What the disk has changed is left out, and head office judges the entry without it: what shows nothing must not hold up the rest."""
    found: list[SignedHold] = []
    for row in rows:
        try:
            found.append(msgspec.json.decode(row, type=SignedHold))
        except msgspec.DecodeError as error:
            _log.error("what head office signed of a hold is not what was written: %s", error)
    return tuple(found)


def _leases(rows: Iterable[tuple[str, str, int, int, str | None]]) -> tuple[OpenLease, ...]:
    return tuple(
        OpenLease(
            lease_id=ReservationId(row[0]),
            member_id=MemberId(row[1]),
            number=row[2],
            left_minor=row[3],
            expires_at=None if row[4] is None else datetime.fromisoformat(row[4]),
        )
        for row in rows
    )


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(row[0], row[1]) if row else Head(0, GENESIS_HASH)


def _text(report: Report) -> str:
    return _encode(report).decode()
