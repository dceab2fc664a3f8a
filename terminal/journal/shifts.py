"""Shifts and their running totals, written in the same commit as each entry; a projection that `stored_value.shift_totals.rebuilt_totals` recomputes from events."""

import sqlite3
from datetime import date, datetime

from stored_value.events import Event, ShiftClosed, ShiftOpened, ShiftTotals
from stored_value.identity import ShiftId, StaffId
from stored_value.shift_totals import measures_of, totals_from
from terminal.journal.database import JournalDatabase
from terminal.journal.errors import ShiftStateConflict
from terminal.journal.records import Shift

_ADD = (
    "INSERT INTO shift_totals (shift_id, measure, detail, total) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET total = total + excluded.total"
)
_SHIFT = (
    "SELECT shift_id, business_date, opened_at, opened_local_time, staff_id, float_minor, opened_seq, closed_seq"
    " FROM shifts "
)


def record(connection: sqlite3.Connection, event: Event, seq: int) -> None:
    """Within the entry's transaction. Raises `ShiftStateConflict` when a shift is opened twice or closed without being open."""
    shift_id = event.occasion.shift_id
    match event:
        case ShiftOpened():
            _open(connection, event, seq)
        case ShiftClosed():
            closed = connection.execute(
                "UPDATE shifts SET closed_seq = ? WHERE shift_id = ? AND closed_seq IS NULL", (seq, shift_id)
            )
            if closed.rowcount != 1:
                raise ShiftStateConflict(f"shift {shift_id} is not open")
        case _:
            connection.executemany(
                _ADD, [(shift_id, measure, detail, total) for (measure, detail), total in measures_of(event).items()]
            )


def _open(connection: sqlite3.Connection, event: ShiftOpened, seq: int) -> None:
    occasion = event.occasion
    try:
        connection.execute(
            "INSERT INTO shifts (shift_id, business_date, opened_at, opened_local_time, staff_id, float_minor, opened_seq)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                occasion.shift_id,
                occasion.business_date.isoformat(),
                occasion.occurred_at.isoformat(),
                occasion.local_time,
                occasion.staff_id,
                event.float_minor,
                seq,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise ShiftStateConflict("another shift is open") from error


class Shifts:
    """Reads of the shifts; thread-safe."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    def current(self) -> Shift | None:
        """The open shift."""
        return self._database.remembered(("open shift",), lambda _: self._one("WHERE closed_seq IS NULL", ()))

    def last(self) -> Shift | None:
        """The shift opened last, open or closed."""
        return self._one("ORDER BY opened_seq DESC LIMIT 1", ())

    def find(self, shift_id: ShiftId) -> Shift | None:
        return self._one("WHERE shift_id = ?", (shift_id,))

    def totals(self, shift_id: ShiftId) -> ShiftTotals:
        with self._database.reading() as connection:
            return totals_from(
                connection.execute(
                    "SELECT measure, detail, total FROM shift_totals WHERE shift_id = ?", (shift_id,)
                ).fetchall()
            )

    def _one(self, clause: str, parameters: tuple[str, ...]) -> Shift | None:
        with self._database.reading() as connection:
            row = connection.execute(_SHIFT + clause, parameters).fetchone()
        if row is None:
            return None
        return Shift(
            shift_id=ShiftId(row[0]),
            business_date=date.fromisoformat(row[1]),
            opened_at=datetime.fromisoformat(row[2]),
            opened_local_time=row[3],
            staff_id=StaffId(row[4]),
            float_minor=row[5],
            opened_seq=row[6],
            closed_seq=row[7],
        )
