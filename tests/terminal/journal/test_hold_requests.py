"""Requests for holds in the journal: counted without a gap, kept while anything may come of them, and no longer than head office needs to hear of them (H2)."""

import sqlite3
from contextlib import closing
from pathlib import Path

from stored_value.identity import EventId
from stored_value.reservation_records import ReservationId
from terminal.journal import HoldAsked, Journal
from tests.stored_value.miniature import MEMBER, NOON
from tests.terminal.miniature import opened_journal


def ask(journal: Journal, name: str) -> int:
    asked = HoldAsked(
        hold_id=ReservationId(name), event_id=EventId(f"for-{name}"), member_id=MEMBER, amount_minor=100, things=()
    )
    return journal.reservations.ask(asked, NOON)


def requests(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return [row[0] for row in connection.execute("SELECT hold_id FROM hold_requests ORDER BY number")]


def test_what_a_report_has_settled_is_forgotten_and_the_count_goes_on(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        held = journal.reservations
        for name in ("refused", "dropped", "held", "awaited", "late"):
            ask(journal, name)
        held.answered(ReservationId("refused"), held=False)
        held.drop(ReservationId("dropped"))
        held.answered(ReservationId("held"), held=True)
        held.drop(ReservationId("late"))
        report = held.report()
        assert requests(tmp_path) == ["refused", "dropped", "held", "awaited", "late"]
        held.drop(ReservationId("held"))  # between the report and its answer: the next one tells
        held.acknowledged(report)
        assert requests(tmp_path) == ["held", "awaited", "late"]
        held.drop(ReservationId("awaited"))
        held.acknowledged(held.report())
        assert requests(tmp_path) == ["late"], "the newest stays, for the count"
        assert ask(journal, "next") == 6
