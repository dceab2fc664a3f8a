"""Appending: one durable commit, gapless and chained, the same event once, never dated below the last anchor."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printers.document import Receipt, Text
from printers.spool import PRINT_JOBS_DDL, PrintJob, queued_count
from stored_value.events import Event, ShiftClosed
from stored_value.events_reservation import ReservationEvent
from stored_value.identity import EventId, StaffId
from stored_value.shift_totals import rebuilt_totals
from sync.entry import GENESIS_HASH, Entry
from sync.event_codec import event_of
from terminal.journal import Journal, JournalError, JournalInUse, JournalTooNew, LocalMember, ShiftStateConflict
from terminal.journal.database import REVISION
from tests.stored_value.miniature import MEMBER, NOON, enrolled, occasion, redeem, refund, reverse, top_up
from tests.sync.miniature import every_kind
from tests.terminal.miniature import SHIFT, STORE, anchor, append_all, opened_journal, opened_shift

LOCAL = LocalMember(
    member_id=MEMBER,
    member_no="0000000000",
    card_issue=1,
    name_masked="王*丽",
    phone_last4="1234",
    phone_tag=77,
    home_store_id=STORE,
)


def receipts(entry: Entry) -> list[PrintJob]:
    document = Receipt(blocks=(Text(text=f"entry {entry.header.seq} {entry.fragment}"),))
    return [
        PrintJob(
            job_id=f"job-{entry.header.seq}",
            kind="receipt",
            printer="counter",
            document=document,
            created_at=entry.header.occurred_at,
            entry_seq=entry.header.seq,
        )
    ]


def queued(journal: Journal) -> int:
    with closing(journal.connect_spool()) as connection:
        return queued_count(connection, "counter")


def test_entries_follow_one_another_without_a_gap(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        entries = [journal.append(event).entry for event in every_kind()]
        assert [entry.header.seq for entry in entries] == list(range(1, len(every_kind()) + 1))
        assert entries[0].header.prev == GENESIS_HASH
        assert all(later.header.prev == earlier.hash for earlier, later in pairwise(entries))
        assert journal.verify().faults == ()
        assert (journal.head().seq, journal.head().hash) == (len(entries), entries[-1].hash)


def test_a_receipt_is_written_before_the_file_is_held(tmp_path: Path) -> None:
    """A print spool, or whoever else shares the file, waits for a disk and not for a receipt."""
    with opened_journal(tmp_path) as journal, closing(journal.connect_spool()) as spool:
        spool.execute("PRAGMA busy_timeout = 0")

        def written_meanwhile(entry: Entry) -> list[PrintJob]:
            spool.execute("BEGIN IMMEDIATE")
            spool.rollback()
            return receipts(entry)

        journal.append(top_up("t1", 5_000), receipts=written_meanwhile)
        assert queued(journal) == 1


def test_the_same_event_again_returns_the_entry_that_is_there(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        first = journal.append(top_up("t1", 5_000), receipts=receipts)
        again = journal.append(top_up("t1", 99_999), receipts=receipts)
        assert again.existing
        assert again.entry.raw == first.entry.raw
        assert again.event == first.event
        assert journal.head().seq == 1
        assert queued(journal) == 1
        assert journal.shifts.totals(SHIFT).topped_up_minor == 5_000


def test_what_was_appended_is_there_after_the_till_was_started_again(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, every_kind())
        head = journal.head()
    with opened_journal(tmp_path) as journal:
        assert journal.head() == head
        assert journal.head_office.identity.store_name == "人民路店"
        following = journal.append(top_up("t9", 100)).entry
        assert (following.header.seq, following.header.prev) == (head.seq + 1, head.hash)


def test_entry_print_job_totals_and_local_member_are_one_commit(tmp_path: Path) -> None:
    def fails(_: Entry) -> list[PrintJob]:
        raise RuntimeError("the receipt cannot be made")

    with opened_journal(tmp_path) as journal:
        with pytest.raises(RuntimeError):
            journal.append(enrolled(), receipts=fails, local_member=LOCAL)
        assert journal.head().seq == 0
        assert journal.local_members.awaited() == ()
        assert journal.shifts.totals(SHIFT).counts == {}
        journal.append(enrolled(), receipts=receipts, local_member=LOCAL)
        assert journal.local_members.find(MEMBER) == LOCAL
        assert journal.local_members.find_by_phone(77, "1234") == (LOCAL,)
        assert queued(journal) == 1


def test_a_clock_set_back_does_not_date_an_entry_below_the_last_anchor(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        later = NOON + timedelta(hours=2)
        journal.head_office.keep_anchor(anchor(later))
        appended = journal.append(top_up("t1", 5_000))
        assert appended.entry.header.occurred_at == later
        assert appended.event.occasion.occurred_at == later
        journal.head_office.keep_anchor(anchor(NOON))
        assert journal.head_office.anchor == anchor(later), "an older anchor is not taken"
        assert appended.entry.header.anchor == anchor(later)


def test_the_anchor_is_there_after_a_restart(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.head_office.keep_anchor(anchor(NOON))
    with opened_journal(tmp_path) as journal:
        assert journal.head_office.anchor == anchor(NOON)


def test_nobody_can_change_or_delete_an_entry_through_sql(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(top_up("t1", 5_000))
        connection = journal.connect_spool()
        for statement in ("UPDATE entries SET raw = x'00'", "UPDATE entries SET seq = 9", "DELETE FROM entries"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
        connection.execute("UPDATE entries SET attachment = NULL")
        connection.close()


def test_an_attachment_lies_beside_its_entry(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(enrolled(), attachment=b"sealed key")
        [(seq, _, raw, attachment)] = journal.stored_after(0, 10)
        assert (seq, attachment) == (1, b"sealed key")
        assert b"sealed key" not in raw


def test_listeners_hear_of_every_new_entry_and_of_no_repetition(tmp_path: Path) -> None:
    heard: list[int] = []
    with opened_journal(tmp_path) as journal:
        journal.after_commit(lambda: heard.append(journal.head().seq))
        journal.append(top_up("t1", 1))
        journal.append(top_up("t1", 1))
        journal.append(top_up("t2", 1))
    assert heard == [1, 2]


def test_a_second_till_program_cannot_open_the_same_journal(tmp_path: Path) -> None:
    with opened_journal(tmp_path), pytest.raises(JournalInUse, match="another till program"):
        Journal.open(tmp_path / "journal.db")
    with opened_journal(tmp_path):
        pass


def test_a_journal_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    with opened_journal(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "journal.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = 'j9999'")
    connection.close()
    with pytest.raises(JournalTooNew, match="j9999"):
        Journal.open(tmp_path / "journal.db")


def test_a_till_is_enrolled_once(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal, pytest.raises(JournalError, match="belongs to S01-T1"):
        journal.head_office.enrol(journal.head_office.identity, "epoch-2", ())


def test_commits_are_durable_and_files_are_the_owners(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        connection = journal.connect_spool()
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        connection.close()
        with journal._database.reading() as own:
            assert own.execute("PRAGMA synchronous").fetchone() == (2,)
            assert own.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert (tmp_path / "journal.db").stat().st_mode & 0o777 == 0o600


def test_the_migration_makes_the_newest_shape_and_the_spools_table(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        connection = journal.connect_spool()
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]
        made = {row[0]: row[1] for row in connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")}
        connection.close()
    for statement in PRINT_JOBS_DDL:
        name = statement.split()[2]
        assert made[name].split() == statement.split(), "write a new revision for the spool's new shape"


def test_shifts_open_and_close_one_at_a_time(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(opened_shift("s1"))
        shift = journal.shifts.current()
        assert shift is not None
        assert (shift.shift_id, shift.float_minor, shift.opened_seq) == (SHIFT, 50_000, 1)
        with pytest.raises(ShiftStateConflict):
            journal.append(opened_shift("s2"))
        assert journal.head().seq == 1
        closing = ShiftClosed(
            occasion=occasion("s3"),
            float_minor=50_000,
            counted_minor=50_000,
            expected_minor=50_000,
            totals=journal.shifts.totals(SHIFT),
        )
        journal.append(closing)
        assert journal.shifts.current() is None
        with pytest.raises(ShiftStateConflict):
            journal.append(replace(closing, occasion=occasion("s4")))
        last = journal.shifts.last()
        assert last is not None
        assert last.closed_seq == 2


def test_a_cash_reversal_leaves_the_drawer(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 10_000), top_up("t2", 5_000), reverse("x1", "t1", 10_000)])
        totals = journal.shifts.totals(SHIFT)
    assert totals.topped_up_minor == 15_000
    assert totals.tenders_minor == {"cash": 5_000}
    assert totals.counts == {"top_up_reversed": 1, "topped_up": 2}


amounts = st.integers(min_value=1, max_value=10_000_000)
events_of_a_shift = st.lists(
    st.one_of(
        st.tuples(st.just("top_up"), amounts),
        st.tuples(st.just("redeem"), amounts),
        st.tuples(st.just("refund"), amounts),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(plan=events_of_a_shift)
def test_running_totals_equal_those_rebuilt_from_the_entries(
    plan: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    makers: dict[str, Callable[[str, int], Event]] = {
        "top_up": top_up,
        "redeem": redeem,
        "refund": lambda name, amount: refund(name, "r", {1: amount}),
    }
    with opened_journal(tmp_path_factory.mktemp("till")) as journal:
        written: list[Event] = []
        for place, (kind, amount) in enumerate(plan):
            written.append(journal.append(makers[kind](f"{kind}-{place}", amount)).event)
        assert journal.shifts.totals(SHIFT) == rebuilt_totals(written)
        assert journal.shifts.totals(SHIFT) == rebuilt_totals(
            event_of(each) for each in journal.entries_of_shift(SHIFT)
        )


def test_entries_are_found_by_event_seq_and_kind(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, every_kind())
        found = journal.find(EventId("r1"))
        assert found is not None
        assert journal.entry(found.header.seq) == found
        assert journal.entry(99) is None
        assert journal.hash_at(0) == GENESIS_HASH
        assert journal.hash_at(99) is None
        own = [event for event in every_kind() if not isinstance(event, ReservationEvent)]
        newest_first = [event.kind for event in reversed(own)]
        assert [entry.header.kind for entry in journal.recent(2)] == newest_first[:2]
        assert [entry.header.id for entry in journal.recent(5, kinds=("redeemed", "topped_up"))] == ["r1", "t1"]


def test_failed_pins_are_counted_on_disk(tmp_path: Path) -> None:
    staff = StaffId("staff-1")
    with opened_journal(tmp_path) as journal:
        journal.pin_attempts.failed(staff, NOON)
        journal.pin_attempts.failed(staff, NOON + timedelta(seconds=5))
    with opened_journal(tmp_path) as journal:
        assert journal.pin_attempts.of(staff).failures == 2
        assert journal.pin_attempts.of(staff).last_failed_at == NOON + timedelta(seconds=5)
        journal.pin_attempts.succeeded(staff)
        assert journal.pin_attempts.of(staff).failures == 0
