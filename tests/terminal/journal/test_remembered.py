"""What the journal was asked once and answers again without reading: never after something was written, never what was rolled back."""

import sqlite3
from pathlib import Path

import pytest

from stored_value.identity import EventId
from terminal.journal import Reserving, ShiftStateConflict
from terminal.journal.database import REMEMBERED_MAX
from tests.stored_value.miniature import MEMBER, redeem, top_up
from tests.terminal.miniature import EPOCH, opened_journal, opened_shift, settled


def test_an_entry_that_was_not_there_is_found_once_it_is(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        assert (journal.find(EventId("s1")), journal.shifts.current()) == (None, None)
        journal.append(opened_shift("s1"))
        assert journal.find(EventId("s1")) is not None
        assert journal.shifts.current() is not None


def test_what_a_member_risked_and_did_here_is_counted_at_once(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(opened_shift("s1"))
        journal.append(top_up("t1", 100_000), reserving=Reserving(leased_minor=100_000))
        assert len(journal.reservations.open_leases_of(MEMBER)) == 1
        assert journal.reservations.risk_taken(MEMBER).till_minor == 0
        assert len(journal.outcomes.own_events(MEMBER, EPOCH, 0)) == 1
        journal.append(redeem("r1", 5_000, 300), reserving=Reserving(risk_minor=5_000))
        assert journal.reservations.risk_taken(MEMBER).member_minor == 5_000
        assert len(journal.outcomes.own_events(MEMBER, EPOCH, 0)) == 2
        journal.outcomes.settle((settled(1, 0), settled(2, 1), settled(3, 2)), 3)
        assert journal.reservations.risk_taken(MEMBER).unsettled_minor == 0
        assert [each.seq for each in journal.outcomes.own_events(MEMBER, EPOCH, 1)] == [3]


def test_what_was_asked_inside_a_write_that_failed_is_forgotten(tmp_path: Path) -> None:
    def mark(connection: sqlite3.Connection) -> int:
        number: int = connection.execute("SELECT grant_watermark FROM reservation_marks").fetchone()[0]
        return number

    with opened_journal(tmp_path) as journal:
        database = journal._database
        assert database.remembered(("mark",), mark) == 0

        def write_and_fail() -> None:
            with database.writing() as connection:
                connection.execute("UPDATE reservation_marks SET grant_watermark = 7")
                assert database.remembered(("mark",), mark) == 7
                raise ShiftStateConflict("nothing of it is kept")

        with pytest.raises(ShiftStateConflict):
            write_and_fail()
        assert database.remembered(("mark",), mark) == 0


def test_no_more_than_a_bounded_number_of_answers_is_kept(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        asked: list[int] = []
        for number in (*range(REMEMBERED_MAX + 1), 0):
            journal._database.remembered((str(number),), lambda _, number=number: asked.append(number))  # type: ignore[misc]  # a lambda that binds now
        assert asked == [*range(REMEMBERED_MAX + 1), 0]
