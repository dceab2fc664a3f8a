"""Sync cycles of a real till with a real head office: everything reaches HQ once, whatever is lost on the way."""

import logging
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hq_server.database.models import HqState, Terminal, TerminalStatus
from hq_server.enrolment.codes import create_code
from hq_server.sessions.epochs import begin_epoch
from stored_value.identity import MemberId, StoreId
from sync.client import HqClient
from sync.entry import entry_hash
from sync.errors import HqRefused, HqUnreachable, SyncError
from sync.messages import FindMember, FoundMembers
from terminal import steps
from terminal.clock import SimulatedClock
from terminal.enrol import enrol
from terminal.journal import Journal
from terminal.replica import ReplicaOutdated
from terminal.syncing import OnlineReader, SyncWorker, TillStopped
from terminal.verify import verify_journal
from tests.hq_server.furnished import served_hq
from tests.hq_server.served import NOON, ServedHq
from tests.terminal.syncing.till import Cable, SyncedTill, hq_balance, move_global, synced_till
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_enrolment_pins_head_office_and_brings_a_replica(till: SyncedTill, hq: ServedHq) -> None:
    identity = till.journal.head_office.identity
    assert identity.terminal_id == "S01-T1"
    assert identity.root_public_key == hq.office.keys.root_public_key
    assert till.replica.rulebook_in_force(NOON) is not None
    assert till.replica.epoch() == till.journal.head_office.epoch
    keys = sorted((till.place.path / "keys").iterdir())
    assert [path.name for path in keys] == ["phone-tag.key", "staff-pepper.key", "terminal.key"]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_lost_enrolment_answer_is_asked_for_again_with_the_same_code(hq: ServedHq, tmp_path: Path) -> None:
    with hq.database.write() as session:
        code = create_code(session, StoreId("S02"), now=hq.clock.at).code
    cable = Cable()
    cable.lose_replies_to = {"/v1/enrolments": 1}
    with pytest.raises(HqUnreachable):
        enrol(hq.url, code, tmp_path / "new", transport=cable)
    assert enrol(hq.url, code, tmp_path / "new").terminal_id == "S02-T1"
    with pytest.raises(HqRefused, match="code_used"):
        enrol(hq.url, code, tmp_path / "thief")


def test_a_day_reaches_head_office_once_and_comes_back_confirmed(till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.redeem(member, 3_000)
    assert till.shown(member).total_minor == 6_900
    till.sync()
    assert till.journal.pending_count() == 0
    found = till.members.find(member)
    assert found is not None
    assert found.confirmed
    assert found.view.pending == ()
    assert found.name_masked == "王*丽"
    assert till.shown(member).total_minor == hq_balance(hq, member)
    before = len(till.cable.paths)
    till.sync()
    assert not [path for path in till.cable.paths[before:] if "journals" in path or "sessions" in path]


@pytest.mark.parametrize("lost", ["/v1/journals/", "/v1/sessions", "/v1/feed/global", "/v1/feed/S01"])
def test_a_lost_reply_is_made_up_for_by_the_next_cycle(lost: str, till: SyncedTill, hq: ServedHq) -> None:
    till.restart()
    member = till.enrol_member()
    till.top_up(member, 9_900)
    move_global(hq)
    till.cable.lose_replies_to = {lost: 1}
    # On a busy machine the rows may be numbered after the push was answered: then a later cycle asks for them.
    with pytest.raises(HqUnreachable):
        until(lambda: till.sync().unsent, what="the answer to be lost")
    assert till.shown(member).total_minor == 9_900
    till.restart()
    assert till.shown(member).total_minor == 9_900
    till.redeem(member, 4_000)
    till.sync()
    assert till.shown(member).total_minor == hq_balance(hq, member) == 5_900
    assert till.journal.pending_count() == 0
    assert till.replica.deferred_count() == 0


def test_a_scopes_key_that_did_not_arrive_is_asked_for_again(till: SyncedTill, hq: ServedHq) -> None:
    """A key is asked for when there is something to open with it: here a snapshot."""
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    till.place.replica.unlink()
    till.cable.lose_replies_to = {"/v1/scopes": 1}
    with pytest.raises(HqUnreachable):
        till.sync()
    till.sync()
    assert till.shown(member).total_minor == hq_balance(hq, member) == 9_900


def test_while_an_outcome_is_unknown_other_members_go_on_and_this_one_is_not_counted_twice(
    till: SyncedTill, hq: ServedHq, tmp_path: Path
) -> None:
    member, other = till.enrol_member(), till.enrol_member("李雷", "+8613900001111")
    till.top_up(member, 9_900)
    till.top_up(other, 1_000)
    till.sync()
    till.redeem(member, 2_000)
    till.cable.lose_replies_to = {"/v1/journals/": 1}
    with pytest.raises(HqUnreachable):
        till.sync()
    found = OnlineReader(till.client, lambda: till.client.token, deadline_s=5).read(FindMember(member_id=member))
    assert found is not None, "HQ answers, with a wallet that contains the redemption already"
    for row in found.members:
        till.replica.take_ahead([row], found.epoch, till.journal.outcomes.members_in_doubt())
    assert hq_balance(hq, member) == 7_900
    assert till.shown(member).total_minor == 7_900
    assert till.replica.deferred_count() == 2, "the member and the purchase"
    till.sync()
    assert till.shown(member).total_minor == 7_900
    assert till.replica.deferred_count() == 0


def test_a_cut_cable_loses_nothing(till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    till.cable.cut = True
    for _ in range(3):
        till.redeem(member, 1_000)
        with pytest.raises(HqUnreachable):
            till.sync()
        till.restart()
    assert till.shown(member).total_minor == 6_900
    assert till.journal.pending_count() == 3
    till.cable.cut = False
    till.sync()
    assert till.shown(member).total_minor == hq_balance(hq, member) == 6_900


def test_another_stores_till_reads_the_member_online_and_then_by_feed(
    till: SyncedTill, hq: ServedHq, tmp_path: Path
) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    with synced_till(hq, tmp_path / "other", "S02", seed=2) as other:
        assert other.members.find(member) is None
        other.sync()
        with HqClient(hq.url) as client:
            found = OnlineReader(client, other.cycle.token, deadline_s=5).read(FindMember(member_id=member))
        assert found is not None
        for row in found.members:
            other.replica.take_ahead([row], found.epoch)
        other.redeem(member, 4_000)
        assert other.shown(member).total_minor == 5_900
        other.sync()
        till.sync()
        assert till.shown(member).total_minor == other.shown(member).total_minor == hq_balance(hq, member) == 5_900


def test_the_replica_is_deleted_while_the_till_runs_and_nothing_is_lost(till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    till.redeem(member, 1_000)
    for suffix in ("", "-wal", "-shm"):
        till.place.replica.with_name("replica.db" + suffix).unlink(missing_ok=True)
    assert till.shown(member).total_minor == 8_900, "what is open is still read"
    till.sync()
    assert till.shown(member).total_minor == hq_balance(hq, member) == 8_900
    till.restart()
    assert till.shown(member).total_minor == 8_900


def test_a_link_that_breaks_after_the_snapshot_leaves_no_file_open(till: SyncedTill, hq: ServedHq) -> None:
    """What is left open keeps SQLite's lock on the file that the next snapshot puts in its place."""
    till.place.replica.unlink()
    till.cable.lose_replies_to = {"/v1/feed/": 1}
    kept: list[BaseException] = []
    try:
        till.sync()
    except HqUnreachable as lost:
        kept.append(lost)  # with its frames: nothing is closed by luck
    assert kept
    opened = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [path for path in opened if ".staged" in path.name]
    till.sync()
    assert till.replica.cursor(StoreId("S01")) is not None


def test_a_snapshot_older_than_what_was_shown_is_brought_up_by_the_feed_first(till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    high_water = till.journal.head_office.high_water("S01")
    old = till.cable.paths.count("/v1/snapshots/S01/latest")
    till.place.replica.unlink()
    till.restart()
    till.sync()
    assert till.cable.paths.count("/v1/snapshots/S01/latest") == old + 1
    cursor = till.replica.cursor("S01")
    assert cursor is not None
    assert cursor.cursor >= high_water > 0
    assert till.shown(member).total_minor == 9_900


def test_a_feed_that_ends_before_what_was_shown_is_refused(till: SyncedTill) -> None:
    till.sync()
    till.journal.head_office.raise_high_water({"S01": 9_999})
    till.place.replica.unlink()
    with pytest.raises(ReplicaOutdated, match="this till has seen 9999"):
        till.sync()
    assert till.replica.cursor("S01") is None, "the older state was not put in place"
    with pytest.raises(HqRefused, match="epoch_behind"):
        till.sync()


def test_a_clock_two_hours_wrong_still_syncs(till: SyncedTill, hq: ServedHq) -> None:
    for wrong in (timedelta(hours=2), timedelta(hours=-2)):
        till.clock.set_wall(NOON + wrong)
        member = till.enrol_member(phone=f"+8613800001{100 + wrong.days}")
        till.top_up(member, 500)
        till.sync()
        assert till.shown(member).total_minor == hq_balance(hq, member) == 500
    last = till.journal.entry(till.journal.head().seq)
    assert last is not None
    assert last.header.occurred_at >= NOON, "never below HQ's word"


def test_a_restored_head_office_begins_an_epoch_and_gets_everything_again(
    till: SyncedTill, hq: ServedHq, tmp_path: Path
) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    old = till.journal.head_office.epoch
    with hq.database.write() as session:
        state = session.get_one(HqState, "hq")
        begin_epoch(session, state.epoch, now=hq.clock.at)
    till.redeem(member, 2_500)
    till.sync()
    assert till.journal.head_office.epoch != old
    assert till.replica.epoch() == till.journal.head_office.epoch
    assert till.shown(member).total_minor == hq_balance(hq, member) == 7_400
    assert till.journal.pending_count() == 0


def test_two_tills_of_one_disk_image_are_a_fork_and_both_stop(till: SyncedTill, hq: ServedHq, tmp_path: Path) -> None:
    member = till.enrol_member()
    till.sync()
    till.stop()
    shutil.copytree(till.place.path, tmp_path / "clone")
    till.start()
    clone = SyncedTill(tmp_path / "clone", hq.url, seed=9)
    till.top_up(member, 9_900)
    clone.top_up(member, 77_700)
    till.sync()
    with pytest.raises(TillStopped):
        clone.sync()
    assert clone.journal.head_office.stopped_reason
    assert hq_balance(hq, member) == 9_900
    clone.restart()
    assert clone.journal.head_office.stopped_reason, "remembered over a restart"
    clone.client.close()
    clone.stop()


def test_a_disk_put_back_to_an_older_image_stops_the_till(till: SyncedTill, hq: ServedHq, tmp_path: Path) -> None:
    member = till.enrol_member()
    till.sync()
    till.stop()
    shutil.copytree(till.place.path, tmp_path / "image")
    till.start()
    till.top_up(member, 9_900)
    till.sync()
    old = SyncedTill(tmp_path / "image", hq.url)
    with pytest.raises(TillStopped, match="the journal ends at 1"):
        old.sync()
    report = verify_journal(tmp_path / "image", old.client)
    assert [fault.code for fault in report.faults] == ["truncated"]
    assert report.hq_head == 2
    old.client.close()
    old.stop()


def test_verify_against_head_office_finds_a_changed_last_entry(till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    assert verify_journal(till.place.path, till.client).ok
    till.stop()
    connection = sqlite3.connect(till.place.journal)
    with connection:
        connection.execute("DROP TRIGGER entries_never_change")
        raw = connection.execute("SELECT raw FROM entries WHERE seq = 2").fetchone()[0].replace(b"9900", b"8800")
        connection.execute("UPDATE entries SET raw = ?, hash = ? WHERE seq = 2", (raw, entry_hash(raw)))
    connection.close()
    assert verify_journal(till.place.path).ok, "alone, the end of a chain proves nothing"
    assert [fault.code for fault in verify_journal(till.place.path, till.client).faults] == ["forked"]
    till.start()


def test_a_foreign_head_office_at_the_address_is_not_believed(till: SyncedTill, hq: ServedHq, tmp_path: Path) -> None:
    with served_hq(None, tmp_path / "foreign") as foreign:
        till.client.close()
        till.client = HqClient(foreign.url)
        till.restart()
        with pytest.raises(SyncError):
            till.sync()
    assert till.journal.head_office.stopped_reason is None


def test_the_worker_pushes_soon_after_a_commit_and_tells_when_it_is_offline(till: SyncedTill, hq: ServedHq) -> None:
    clock = SimulatedClock(NOON)
    worker = SyncWorker(till.cycle.run_once, clock, poll_interval_s=600)
    till.journal.after_commit(worker.wake)
    worker.start()
    try:
        until(lambda: worker.status().online, what="the first cycle")
        assert worker.status().since == NOON
        member = till.enrol_member()
        until(lambda: till.journal.pending_count() == 0, what="the push after the commit")
        till.cable.cut = True
        clock.set_wall(NOON + timedelta(minutes=1))
        till.top_up(member, 500)
        until(lambda: not worker.status().online, what="the worker to notice the cut")
        offline = worker.status()
        assert offline.code == "unreachable"
        assert offline.since == NOON + timedelta(minutes=1)
        assert "does not answer" in offline.last_error
        till.cable.cut = False
        worker.retry_now()
        until(lambda: worker.status().online and till.journal.pending_count() == 0, what="the worker to recover")
    finally:
        assert worker.stop()


def test_head_office_stops_a_till_and_lets_it_go_on(till: SyncedTill, hq: ServedHq) -> None:
    with hq.database.write() as session:
        session.execute(update(Terminal).values(status=TerminalStatus.STOPPED, status_reason="looked at"))
    till.restart()
    with pytest.raises(TillStopped, match="looked at"):
        till.sync()
    assert till.journal.head_office.stopped_reason == "looked at"
    with hq.database.write() as session:
        session.execute(update(Terminal).values(status=TerminalStatus.ACTIVE))
    till.sync()
    assert till.journal.head_office.stopped_reason is None


def test_a_member_of_nobody_is_not_shown(till: SyncedTill) -> None:
    assert till.members.find(MemberId("nobody")) is None
    assert isinstance(till.journal, Journal)


def test_a_member_can_be_read_online_while_a_cycle_runs(till: SyncedTill, hq: ServedHq) -> None:
    """A payment must not be taken for offline because the till is just sending the one before."""
    member = till.enrol_member()
    till.sync()
    read: list[FoundMembers | None] = []

    def read_in_the_middle(record: logging.LogRecord) -> bool:
        if getattr(record, "step", "") == steps.PUSH_RECORDED:
            with HqClient(hq.url) as client:
                reader = OnlineReader(client, till.cycle.token, deadline_s=5)
                read.append(reader.read(FindMember(member_id=member)))
        return True

    logger = logging.getLogger("terminal.steps")
    logger.addFilter(read_in_the_middle)
    logger.setLevel(logging.DEBUG)
    try:
        till.top_up(member, 5_000)
        till.sync()
    finally:
        logger.removeFilter(read_in_the_middle)
        logger.setLevel(logging.NOTSET)
    assert [found is not None for found in read] == [True]
