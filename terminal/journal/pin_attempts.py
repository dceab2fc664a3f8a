"""Failed PINs of staff and of members, counted on disk so that pulling the plug gives nobody another try. Counts only; what a count means is the counter's to say."""

from datetime import datetime

from stored_value.identity import MemberId, StaffId
from terminal.journal.database import JournalDatabase
from terminal.journal.records import PinAttempts

Person = StaffId | MemberId
"""Both lie in the column `staff_id`: ids are never the same."""


class PinAttemptCounter:
    """Thread-safe."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    def of(self, person: Person) -> PinAttempts:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT failures, last_failed_at FROM pin_attempts WHERE staff_id = ?", (person,)
            ).fetchone()
        if row is None:
            return PinAttempts(0, None)
        return PinAttempts(row[0], datetime.fromisoformat(row[1]) if row[1] else None)

    def failed(self, person: Person, at: datetime) -> None:
        """Count before the PIN is checked, `succeeded` after: a kill in between counts against the guesser."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO pin_attempts (staff_id, failures, last_failed_at) VALUES (?, 1, ?)"
                " ON CONFLICT DO UPDATE SET failures = failures + 1, last_failed_at = excluded.last_failed_at",
                (person, at.isoformat()),
            )

    def succeeded(self, person: Person) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM pin_attempts WHERE staff_id = ?", (person,))
