"""The mirror lags, says by how much, and tells when a journal was put back from an older disk image (H6)."""

import errno
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sync.till_trouble import MirrorFault
from terminal.journal.mirror import Mirror, MirrorForeign, MirrorStatus, fault_of, mirror_file, read_status
from terminal.verify import verify_journal
from tests.stored_value.miniature import top_up
from tests.terminal.miniature import append_all, opened_journal
from tests.waiting import until


def test_the_mirror_lags_and_says_by_how_much(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        mirror = Mirror(journal, tmp_path / "stick")
        assert mirror.status().lag_entries is None
        append_all(journal, [top_up("t1", 1), top_up("t2", 1)])
        mirror.copy()
        assert mirror.status().lag_entries == 0
        journal.append(top_up("t3", 1), attachment=b"key")
        assert mirror.status().lag_entries == 1
        mirror.copy()
        mirror.copy()
        assert mirror.status().lag_entries == 0
    report = verify_journal(tmp_path / "stick" / "S01-T1.mirror.db")
    assert report.ok
    assert (report.entries, report.terminal_id) == (3, "S01-T1")


def test_the_mirrors_thread_follows_every_commit(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        mirror = Mirror(journal, tmp_path / "stick")
        mirror.start()
        try:
            append_all(journal, [top_up(f"t{number}", 1) for number in range(20)])
            until(lambda: mirror.status().lag_entries == 0, what="the mirror to catch up")
        finally:
            mirror.stop()


def test_a_missing_stick_is_told_and_holds_up_no_sale(tmp_path: Path) -> None:
    (tmp_path / "stick").write_text("a file where the folder should be")
    with opened_journal(tmp_path / "till") as journal:
        mirror = Mirror(journal, tmp_path / "stick")
        mirror.start()
        try:
            until(lambda: mirror.status().fault, what="the mirror's fault")
            assert journal.append(top_up("t1", 1)).entry.header.seq == 1
            status = mirror.status()
            assert (status.lag_entries, status.fault) == (None, MirrorFault.MISSING)
            assert "stick" in status.words, "for the technician"
        finally:
            mirror.stop()


def test_each_fault_of_a_mirror_has_a_name(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        journal.append(top_up("t1", 1))
        Mirror(journal, tmp_path / "stick").copy()
    path = mirror_file(tmp_path / "stick", "S01-T1")
    with closing(sqlite3.connect(path)) as full:
        full.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.Error) as no_room:
            full.execute("INSERT INTO entries VALUES (2, '', zeroblob(100000), NULL)")
    with pytest.raises(sqlite3.Error) as gone:
        sqlite3.connect(tmp_path / "nowhere" / "x.db").execute("SELECT 1")
    path.write_bytes(b"not a database, but of some length, so that sqlite looks at it" * 20)
    with closing(sqlite3.connect(path)) as torn, pytest.raises(sqlite3.Error) as damaged:
        torn.execute("SELECT * FROM entries")
    assert [fault_of(each.value) for each in (no_room, gone, damaged)] == [
        MirrorFault.FULL,
        MirrorFault.MISSING,
        MirrorFault.FAILED,
    ]
    assert fault_of(OSError(errno.ENOSPC, "no room")) is MirrorFault.FULL
    assert fault_of(PermissionError(errno.EACCES, "the folder is root's")) is MirrorFault.MISSING
    assert fault_of(OSError(errno.EIO, "the stick is broken")) is MirrorFault.FAILED
    assert fault_of(MirrorForeign("x")) is MirrorFault.FOREIGN


def test_a_mirror_is_read_as_it_lies_there_while_no_till_runs(tmp_path: Path) -> None:
    stick, empty = tmp_path / "stick", tmp_path / "empty"
    with opened_journal(tmp_path / "till") as journal:
        append_all(journal, [top_up("t1", 1), top_up("t2", 1)])
        Mirror(journal, stick).copy()
    assert read_status(stick, "S01-T1", 2) == MirrorStatus(0)
    assert read_status(stick, "S01-T1", 5) == MirrorStatus(3)
    assert read_status(stick, "S01-T1", 1).fault is MirrorFault.FOREIGN, "the journal was put back"
    assert read_status(empty, "S01-T1", 2).fault is MirrorFault.MISSING
    assert not empty.exists(), "looking makes nothing"


def test_a_journal_put_back_from_an_older_image_stops_the_till(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        journal.append(top_up("t1", 1))
    shutil.copytree(tmp_path / "till", tmp_path / "image")
    with opened_journal(tmp_path / "till") as journal:
        journal.append(top_up("t2", 1))
        Mirror(journal, tmp_path / "stick").copy()
    with opened_journal(tmp_path / "image") as journal:
        with pytest.raises(MirrorForeign, match="put back"):
            Mirror(journal, tmp_path / "stick").copy()
        assert journal.head_office.stopped_reason is not None


def test_head_office_does_not_let_a_journal_go_on_that_is_behind_its_mirror(tmp_path: Path) -> None:
    """What the mirror holds beyond it was printed, and may be known to nobody else."""
    with opened_journal(tmp_path / "till") as journal:
        journal.append(top_up("t1", 1))
    shutil.copytree(tmp_path / "till", tmp_path / "image")
    with opened_journal(tmp_path / "till") as journal:
        journal.append(top_up("t2", 1))
        Mirror(journal, tmp_path / "stick").copy()
    with opened_journal(tmp_path / "image") as journal:
        office = journal.head_office
        Mirror(journal, tmp_path / "stick").compare()
        office.resume()
        assert "put back" in (office.stopped_reason or "")
        Mirror(journal, tmp_path / "another stick").copy()
        assert "put back" in (office.stopped_reason or ""), "until head office was heard"
        office.resume()
        assert office.stopped_reason is None


def test_another_history_is_never_mixed_into_a_mirror(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "a") as journal:
        journal.append(top_up("t1", 1))
        Mirror(journal, tmp_path / "stick").copy()
    with opened_journal(tmp_path / "b") as journal:
        append_all(journal, [top_up("x1", 1), top_up("x2", 1)])
        with pytest.raises(MirrorForeign, match="not the journal's"):
            Mirror(journal, tmp_path / "stick").copy()
    connection = sqlite3.connect(tmp_path / "stick" / "S01-T1.mirror.db")
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)
    connection.close()
