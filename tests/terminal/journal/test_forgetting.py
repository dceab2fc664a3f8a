"""A till forgets a member whom head office erased (H14): who it is, and the key beside the enrolment's entry, here and in the mirror. Nothing else changes,
and the chain still verifies."""

import sqlite3
from contextlib import closing
from pathlib import Path

from stored_value.identity import MemberId
from terminal.journal.mirror import Mirror
from terminal.verify import verify_journal
from tests.stored_value.miniature import MEMBER, enrolled, top_up
from tests.terminal.journal.test_append import LOCAL
from tests.terminal.miniature import opened_journal

KEY = b"the sealed key"


def entries_of(path: Path) -> list[tuple[int, bytes, bytes | None]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT seq, CAST(raw AS BLOB), attachment FROM entries ORDER BY seq").fetchall()


def test_name_phone_and_key_go_and_every_entry_stays(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        mirror = Mirror(journal, tmp_path / "stick")
        mirrored = tmp_path / "stick" / "S01-T1.mirror.db"
        journal.append(enrolled(), attachment=KEY, local_member=LOCAL)
        journal.append(top_up("t1", 500))
        mirror.copy()
        before = entries_of(mirrored)
        assert [key for _, _, key in before] == [KEY, None]
        for _ in range(2):
            journal.local_members.forget([MemberId("nobody"), MEMBER])
            mirror.copy()
        local = journal.local_members.find(MEMBER)
        assert local is not None, "until the feed brings the row the number still finds the member"
        assert (local.name_masked, local.phone_last4, local.phone_tag) == ("*", "", 0)
        assert local.member_no == LOCAL.member_no
        assert journal.local_members.find_by_phone(LOCAL.phone_tag, LOCAL.phone_last4) == ()
        assert journal.local_members.count() == 1, "its number is not given to another"
    for path in (tmp_path / "till" / "journal.db", mirrored):
        assert entries_of(path) == [(seq, raw, None) for seq, raw, _ in before]
        assert verify_journal(path if path == mirrored else path.parent).ok
        assert KEY not in path.read_bytes()


def test_nobody_else_is_forgotten(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        journal.append(enrolled(), attachment=KEY, local_member=LOCAL)
        journal.local_members.forget([MemberId("nobody")])
        assert journal.local_members.find(MEMBER) == LOCAL
        assert journal.local_members.forgotten() == ()
    assert [key for _, _, key in entries_of(tmp_path / "till" / "journal.db")] == [KEY]
