"""A till dies and another takes over its store (C11); an entry rots on the disk (H7)."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, Terminal
from hq_server.recovery.approvals import approve
from stored_value.identity import StoreId, TerminalId
from sync.client import HqClient
from sync.entry import entry_hash
from sync.errors import HqRefused
from terminal.journal import EntryNotLost
from terminal.journal.mirror import Mirror
from terminal.recovery import CopyUnusable, RecoveryReport, Rescuer, ask_for_leave, read_copy, recover
from terminal.syncing import TillStopped
from terminal.till_directory import TillDirectory
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till

pytestmark = pytest.mark.slow
DEAD, RESCUER = "S01-T1", "S01-T2"


def code_for(franchise: Franchise, terminal_id: str = DEAD) -> str:
    with franchise.hq.database.write() as session:
        return approve(session, TerminalId(terminal_id), by="陈经理", now=franchise.hq.clock.at).code


def rescue(franchise: Franchise, path: Path, code: str, *, by: str = RESCUER, dry_run: bool = False) -> RecoveryReport:
    with HqClient(franchise.hq.url) as client:
        return recover(client, read_copy(path), rescuer_with(franchise, code, by=by), dry_run=dry_run)


def rescuer_with(franchise: Franchise, code: str, *, by: str = RESCUER) -> Rescuer:
    return Rescuer(
        terminal_id=TerminalId(by),
        key=TillDirectory(franchise.folder / by).secrets().terminal_key,
        approval=code,
        technician="李师傅",
        now=franchise.hq.clock.at,
    )


def mirrored(till: Till, folder: Path) -> Path:
    Mirror(till.journal, folder).copy()
    return folder


def dies_with_an_offline_hour(franchise: Franchise, folder: Path) -> tuple[Till, Path]:
    """Two payments that only the mirror holds."""
    wang = member_of("S01")
    till = franchise.till(DEAD)
    till.top_up(wang, 50_000)
    till.push()
    franchise.hq.sequenced()  # its bonus is drawn from once head office has confirmed it
    till.sync()
    till.unplug()
    till.redeem(wang, 1_000)
    till.redeem(wang, 2_000)
    mirror = mirrored(till, folder / "mirror")
    till.close()
    return till, mirror


def status_of(franchise: Franchise) -> tuple[str, int]:
    with franchise.hq.database.read() as session:
        terminal = session.get_one(Terminal, (StoreId("S01"), DEAD))
        return terminal.status, terminal.accepted_seq


def test_c11_a_new_till_brings_what_a_dead_ones_mirror_holds(franchise: Franchise, tmp_path: Path) -> None:
    _, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    code = code_for(franchise)
    planned = rescue(franchise, mirror, code, dry_run=True)
    assert (len(planned.tail.entries), planned.reply) == (2, None)
    assert status_of(franchise)[0] == "active", "a dry run changes nothing"
    report = rescue(franchise, mirror, code)
    assert report.reply is not None
    assert status_of(franchise) == ("revoked", report.copy_head)
    assert franchise.books.balances()[member_of("S01")] == 55_000 - 3_000
    assert set(franchise.books.findings(DEAD).values()) == {("recovered",)}, "weak evidence: a person looks at each"
    assert franchise.books.faults(DEAD) == []
    again = rescue(franchise, mirror, code)
    assert (again.tail.entries, franchise.books.balances()[member_of("S01")]) == ((), 52_000), "again changes nothing"


def test_c11_the_dead_tills_own_key_makes_the_evidence_strong(franchise: Franchise, tmp_path: Path) -> None:
    till, _ = dies_with_an_offline_hour(franchise, tmp_path)
    card = tmp_path / "card"
    shutil.copytree(till.data_dir, card)
    report = rescue(franchise, card, code_for(franchise))
    assert report.has_own_key
    assert set(franchise.books.findings(DEAD).values()) == {("recovered_signed",)}
    assert franchise.books.balances()[member_of("S01")] == 52_000


def test_c11_a_broken_off_recovery_goes_on_and_the_dead_till_pushes_no_more(
    franchise: Franchise, tmp_path: Path
) -> None:
    till, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    code = code_for(franchise)
    older = tmp_path / "older"
    shutil.copytree(mirror, older)
    with closing(sqlite3.connect(next(older.glob("*.mirror.db")))) as connection, connection:
        connection.execute("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)")
    assert len(rescue(franchise, older, code).tail.entries) == 1
    till.restart(franchise.hq.url)
    assert str(till.sync_fails()) == f"taken over by {RESCUER}", "revoked, and the strip says why"
    till.close()
    assert len(rescue(franchise, mirror, code).tail.entries) == 1
    assert franchise.books.balances()[member_of("S01")] == 52_000


def test_c11_without_leave_or_from_another_store_nothing_is_taken(franchise: Franchise, tmp_path: Path) -> None:
    _, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    code = code_for(franchise)
    for by, used, refusal in (
        (RESCUER, "AAAA-BBBB-CCCC", "code_unknown"),
        ("S02-T1", code, "not_permitted"),
        (RESCUER, code_for(franchise, "S02-T1"), "code_unknown"),
    ):
        with pytest.raises(HqRefused) as refused:
            rescue(franchise, mirror, used, by=by)
        assert refused.value.code == refusal
    franchise.pass_time(hours=25)
    with pytest.raises(HqRefused, match="code_expired"):
        rescue(franchise, mirror, code)
    assert (status_of(franchise)[0], franchise.books.balances()[member_of("S01")]) == ("active", 55_000)


def test_c11_a_changed_copy_is_not_believed(franchise: Franchise, tmp_path: Path) -> None:
    """The amount and the index's hash are changed together; the chain shows it."""
    _, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    with closing(sqlite3.connect(next(mirror.glob("*.mirror.db")))) as connection, connection:
        seq, raw = connection.execute("SELECT seq, raw FROM entries ORDER BY seq DESC LIMIT 1 OFFSET 1").fetchone()
        forged = raw.replace(b'"amount_minor":1000', b'"amount_minor":1001')
        assert forged != raw
        connection.execute("UPDATE entries SET raw = ?, hash = ? WHERE seq = ?", (forged, entry_hash(forged), seq))
    report = rescue(franchise, mirror, code_for(franchise))
    assert (report.tail.holes, report.tail.lost_from) == ((seq,), None)
    assert franchise.books.balances()[member_of("S01")] == 55_000 - 2_000, "the changed one moved nothing"


def test_c11_a_copy_of_another_story_and_an_empty_place_are_refused(franchise: Franchise, tmp_path: Path) -> None:
    _, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    code = code_for(franchise)
    held = status_of(franchise)[1]
    with closing(sqlite3.connect(next(mirror.glob("*.mirror.db")))) as connection, connection:
        connection.execute("UPDATE entries SET hash = ? WHERE seq = ?", ("f" * 64, held))
    with pytest.raises(CopyUnusable, match="forked"):
        rescue(franchise, mirror, code)
    with pytest.raises(CopyUnusable, match="there is no journal"):
        rescue(franchise, tmp_path / "mirror" / "nothing", code)
    assert status_of(franchise) == ("active", held)


def test_h7_a_rotten_entry_of_a_dead_till_becomes_a_signed_hole_and_the_rest_goes_on(
    franchise: Franchise, tmp_path: Path
) -> None:
    _, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    rot(next(mirror.glob("*.mirror.db")), 1)
    report = rescue(franchise, mirror, code_for(franchise))
    assert (len(report.tail.holes), report.tail.lost_from) == (1, None)
    found = set(franchise.books.findings(DEAD).values())
    assert found == {("hole_declared", "recovered"), ("recovered",)}
    assert franchise.books.balances()[member_of("S01")] == 53_000, "what was readable is applied"


def rot(file: Path, from_end: int) -> int:
    """One byte of an entry, that many before the last; everything beside it is as it was."""
    with closing(sqlite3.connect(file)) as connection, connection:
        guards = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_never_change'").fetchall()
        connection.execute("DROP TRIGGER IF EXISTS entries_never_change")
        seq, raw = connection.execute(
            "SELECT seq, raw FROM entries ORDER BY seq DESC LIMIT 1 OFFSET ?", (from_end,)
        ).fetchone()
        rotten = bytes([raw[0] ^ 1]) + raw[1:]
        connection.execute("UPDATE entries SET raw = ? WHERE seq = ?", (rotten, seq))
        for (guard,) in guards:
            connection.execute(guard)
    return int(seq)


def test_h7_one_rotten_byte_is_mended_from_the_mirror_before_it_is_pushed(franchise: Franchise, tmp_path: Path) -> None:
    till, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    rotten = rot(till.data_dir / "journal.db", 1)
    till.restart(franchise.hq.url)
    till.journal.holes.mend_from(Mirror(till.journal, mirror).raw_of)
    till.sync()
    assert franchise.books.balances()[member_of("S01")] == 52_000
    assert franchise.books.findings(DEAD) == {}
    assert franchise.books.faults(DEAD) == []
    entry = till.journal.entry(rotten)
    assert entry is not None
    with closing(sqlite3.connect(till.data_dir / "journal.db")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE entries SET raw = x'00' WHERE seq = ?", (rotten,))


def test_h7_without_a_mirror_a_declared_hole_lets_the_till_go_on(franchise: Franchise, tmp_path: Path) -> None:
    """Until then it stops: nobody signs for changed bytes. The lost payment is an exception, and its number stays taken."""
    till, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    rotten = rot(till.data_dir / "journal.db", 1)
    rot(next(mirror.glob("*.mirror.db")), 1)
    till.restart(franchise.hq.url)
    till.journal.holes.mend_from(Mirror(till.journal, mirror).raw_of)
    assert isinstance(till.sync_fails(), TillStopped)
    key = TillDirectory(till.data_dir).secrets().terminal_key
    for sound in (1, rotten + 1, 99):
        with pytest.raises(EntryNotLost):
            till.journal.holes.declare(sound, key, by="李师傅", now=franchise.hq.clock.at)
    hole = till.journal.holes.declare(rotten, key, by="李师傅", now=franchise.hq.clock.at)
    assert (hole.kind, hole.member_id) == ("redeemed", member_of("S01"))
    assert till.journal.holes.declare(rotten, key, by="别人", now=franchise.hq.clock.at) == hole
    till.sync()
    assert till.journal.head_office.stopped_reason is None
    assert franchise.books.findings(DEAD) == {rotten: ("hole_declared",)}
    assert franchise.books.balances()[member_of("S01")] == 53_000
    till.begin_shift()
    till.redeem(member_of("S01"), 500)
    till.sync()
    assert franchise.books.balances()[member_of("S01")] == 52_500
    assert till.member(member_of("S01")).balance_minor == 52_500


def test_h7_a_hole_that_the_till_did_not_sign_stops_it(franchise: Franchise, tmp_path: Path) -> None:
    till, _ = dies_with_an_offline_hour(franchise, tmp_path)
    rotten = rot(till.data_dir / "journal.db", 1)
    till.restart(franchise.hq.url)
    till.journal.holes.declare(rotten, Ed25519PrivateKey.generate(), by="?", now=franchise.hq.clock.at)
    assert isinstance(till.sync_fails(), TillStopped)
    assert franchise.books.balances()[member_of("S01")] == 55_000
    assert status_of(franchise)[0] == "stopped"


def test_c11_the_technician_asks_for_leave_and_head_office_sees_what_the_copy_holds(
    franchise: Franchise, tmp_path: Path
) -> None:
    dead_till, mirror = dies_with_an_offline_hour(franchise, tmp_path)
    _, held = status_of(franchise)
    with HqClient(franchise.hq.url) as client:
        asked = ask_for_leave(client, read_copy(mirror), rescuer_with(franchise, ""))
    assert asked.held_through == held
    with franchise.hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "recovery_asked")).one()
    assert (found.terminal_id, found.state) == (DEAD, "open")
    for told in (f'"copy_through":{held + 2}', "李师傅", RESCUER):
        assert told in found.findings
    dead_till.restart(franchise.hq.url)
    dead_till.sync()
    assert status_of(franchise) == ("active", held + 2), "asking changes nothing"
