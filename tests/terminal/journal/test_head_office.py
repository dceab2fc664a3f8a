"""What the till remembers of head office is what the disk took: a commit that fails leaves memory as it was."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from terminal.journal import Journal
from terminal.stops import StopCode
from tests.terminal.miniature import EPOCH, T0, anchor, opened_journal


def fail_at_commit(journal: Journal) -> None:
    """Every update of the row for head office is taken, and refused when it is committed."""
    with journal._database.writing() as connection:
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        connection.execute("CREATE TRIGGER spoil AFTER UPDATE ON head_office BEGIN INSERT INTO child VALUES (1); END")


def test_an_anchor_that_was_not_committed_is_not_believed(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.head_office.keep_anchor(anchor(T0))
        fail_at_commit(journal)
        with pytest.raises(sqlite3.IntegrityError):
            journal.head_office.keep_anchor(anchor(T0 + timedelta(hours=1)))
        assert journal.head_office.anchor == anchor(T0)


def test_an_epoch_that_was_not_committed_has_not_begun(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        fail_at_commit(journal)
        with pytest.raises(sqlite3.IntegrityError):
            journal.outcomes.begin_epoch("epoch-2", 0)
        assert journal.head_office.epoch == EPOCH


def test_a_till_is_stopped_although_the_disk_does_not_take_it(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        fail_at_commit(journal)
        with pytest.raises(sqlite3.IntegrityError):
            journal.head_office.stop(StopCode.FORKED, "a second copy of this till")
        assert journal.head_office.stopped_reason == "a second copy of this till"
