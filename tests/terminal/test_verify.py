"""`verify_journal` finds any entry that was changed, removed, swapped or torn in the file itself."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from sync.entry import entry_hash
from sync.keys import encode_bytes
from terminal.till_directory import TillDirectory
from terminal.verify import JournalUnreadable, verify_journal
from tests.stored_value.miniature import top_up
from tests.sync.miniature import key
from tests.terminal.miniature import T0, TILL_KEY, append_all, opened_journal

Tamper = Callable[[sqlite3.Connection], None]


def swap(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT hash, raw, event_id FROM entries WHERE seq IN (3, 4) ORDER BY seq").fetchall()
    connection.execute("UPDATE entries SET event_id = 'elsewhere' WHERE seq = 3")
    connection.execute("UPDATE entries SET hash = ?, raw = ?, event_id = ? WHERE seq = 4", rows[0])
    connection.execute("UPDATE entries SET hash = ?, raw = ?, event_id = ? WHERE seq = 3", rows[1])


def sql(statement: str) -> Tamper:
    def tamper(connection: sqlite3.Connection) -> None:
        connection.execute(statement)

    return tamper


AMOUNT_CHANGED = """UPDATE entries SET raw = CAST(replace(CAST(raw AS TEXT), '"amount_minor":300', '"amount_minor":900')
    AS BLOB) WHERE seq = 3"""


def forge(connection: sqlite3.Connection) -> None:
    connection.execute(AMOUNT_CHANGED)
    raw = connection.execute("SELECT raw FROM entries WHERE seq = 3").fetchone()[0]
    connection.execute("UPDATE entries SET hash = ? WHERE seq = 3", (entry_hash(raw),))


TAMPERINGS: list[tuple[str, Tamper, set[str], int]] = [
    ("an amount was changed", sql(AMOUNT_CHANGED), {"changed"}, 3),
    ("a changed amount with its hash made to fit", forge, {"changed"}, 4),
    ("the index names another event", sql("UPDATE entries SET event_id = 'x' WHERE seq = 3"), {"index"}, 3),
    ("the entry is torn", sql("UPDATE entries SET raw = substr(raw, 1, 40) WHERE seq = 3"), {"changed"}, 3),
    ("the entry is empty", sql("UPDATE entries SET raw = x'' WHERE seq = 3"), {"changed"}, 3),
    ("one entry was removed", sql("DELETE FROM entries WHERE seq = 3"), {"missing"}, 4),
    ("two entries were swapped", swap, {"missing", "changed", "index"}, 3),
    ("one byte of the hash column", sql("UPDATE entries SET hash = '0' || substr(hash, 2) || 'x' WHERE seq = 3"), {"changed"}, 3),
]  # fmt: skip


def journal_of_six(folder: Path) -> None:
    with opened_journal(folder) as journal:
        append_all(journal, [top_up(f"t{number}", 100 * number) for number in range(1, 7)])


@pytest.mark.parametrize(
    ("tamper", "codes", "seq"), [row[1:] for row in TAMPERINGS], ids=[row[0] for row in TAMPERINGS]
)
def test_tampering_is_found_and_named(tamper: Tamper, codes: set[str], seq: int, tmp_path: Path) -> None:
    journal_of_six(tmp_path)
    assert verify_journal(tmp_path).ok, "the journal was sound before"
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
        connection.executescript("DROP TRIGGER entries_never_change; DROP TRIGGER entries_are_never_deleted")
        tamper(connection)
    report = verify_journal(tmp_path)
    assert {fault.code for fault in report.faults} <= codes
    assert not report.ok
    assert seq in {fault.seq for fault in report.faults}


@pytest.mark.parametrize("seq", [3, 6])
def test_h7_a_declared_hole_is_told_and_is_no_fault(seq: int, tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up(f"t{number}", 100 * number) for number in range(1, 7)])
        head = journal.head()
    file = tmp_path / "journal.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER entries_never_change")
        connection.execute("UPDATE entries SET raw = substr(raw, 1, 40) WHERE seq = ?", (seq,))
        connection.commit()
    assert not verify_journal(tmp_path).ok
    with opened_journal(tmp_path) as journal:
        journal.holes.declare(seq, TILL_KEY, by="李师傅", now=T0)
    report = verify_journal(tmp_path)
    assert (report.faults, report.head_seq, report.head_hash) == ((), 6, head.hash)
    assert [(hole.seq, hole.declared_by) for hole in report.declared] == [(seq, "李师傅")]


def test_h7_a_hole_of_other_bytes_or_by_another_key_declares_nothing(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up(f"t{number}", 100 * number) for number in range(1, 7)])
    file = tmp_path / "journal.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER entries_never_change")
        connection.execute("UPDATE entries SET raw = substr(raw, 1, 40) WHERE seq = 3")
        connection.commit()
    with opened_journal(tmp_path) as journal:
        hole = journal.holes.declare(3, TILL_KEY, by="李师傅", now=T0)
    place = TillDirectory(tmp_path)
    place.terminal_key(key(9))
    place.keep_shared_secrets(encode_bytes(bytes(32)), encode_bytes(bytes(32)))
    assert {fault.code for fault in verify_journal(tmp_path).faults} == {"changed"}
    with closing(sqlite3.connect(file)) as connection:
        forged = msgspec.json.encode(msgspec.structs.replace(hole, hash="0" * 64)).decode()
        connection.execute("UPDATE holes SET document = ?", (forged,))
        connection.commit()
    assert {fault.code for fault in verify_journal(tmp_path).faults} == {"changed"}


def test_a_damaged_page_of_the_file_is_told_with_what_could_be_read(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up(f"t{number}", 100) for number in range(60)])
    file = tmp_path / "journal.db"
    data = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    place = data.rfind(b'"seq":40,') // page_size * page_size
    data[place : place + 64] = bytes(64)
    file.write_bytes(bytes(data))
    report = verify_journal(file)
    assert not report.ok
    assert report.entries < 60


def test_no_journal_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadable, match="no such journal"):
        verify_journal(tmp_path / "nothing.db")
    (tmp_path / "text.db").write_text("this is no database, but long enough to be looked at as one" * 20)
    with pytest.raises(JournalUnreadable, match="not a database"):
        verify_journal(tmp_path / "text.db")


def test_a_running_tills_journal_can_be_verified(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(top_up("t1", 100))
        report = verify_journal(tmp_path)
        assert report.ok
        assert (report.entries, report.head_hash) == (1, journal.head().hash)
