"""A person is forgotten, or a store forgets a member who no longer comes (H14, H9): with real tills, their replicas, journals and mirrors, and the snapshots
made afterwards."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from hq_server.config import HqConfig
from hq_server.members.leaving import leave_scopes
from stored_value.refusals import Refusal, RefusalCode
from sync.client import HqClient
from sync.snapshot import unpack_file
from terminal.counter.views import MemberView
from terminal.journal.mirror import Mirror
from terminal.language import Language, Texts
from terminal.screens.words import explain
from terminal.verify import verify_journal
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import visit
from tests.hq_server.serving import serving
from tests.scenarios.franchise import Franchise, member_of, playing
from tests.scenarios.test_restored_and_forked import backup_of
from tests.scenarios.till import Till, done, refused
from tongchu.witness.books import HqBooks

pytestmark = pytest.mark.slow
NAME, PHONE = "欧阳若琳", "13912345678"
QUIET = 60


def number_of(franchise: Franchise, member_id: str) -> str:
    ((number,),) = franchise.books.rows(f"SELECT member_no FROM members WHERE member_id = '{member_id}'")
    return str(number)


def erase(franchise: Franchise, member_id: str) -> None:
    """By the console, as an administrator does it."""
    boss = visit(franchise.hq.url, "boss")
    answer = boss.send(f"/members/{member_id}", f"/members/{member_id}/erasure", reason="本人要求")
    assert answer.status_code == 303
    franchise.hq.sequenced()


def snapshot_rows(franchise: Franchise, store: str, member_id: str, folder: Path) -> list[tuple[object, ...]]:
    """Of the next snapshot of the store: name, last four digits and tag."""
    builder, keys = franchise.hq.office.snapshots, franchise.hq.office.keys
    manifest = builder.build(store)
    packed = builder.shelf.path(store, manifest.sha256)
    assert packed is not None
    plain = folder / f"{manifest.sha256[:8]}.db"
    unpack_file(packed, plain, keys.scope_key(store).key, manifest.sha256, manifest.plain_sha256)
    with closing(sqlite3.connect(plain)) as replica:
        return replica.execute(
            "SELECT name_masked, phone_last4, phone_tag FROM members WHERE member_id = ?", (member_id,)
        ).fetchall()


def keys_in(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(path)) as file:
        return [key for (key,) in file.execute("SELECT attachment FROM entries WHERE attachment IS NOT NULL")]


def bytes_on_disk(folder: Path) -> bytes:
    for path in folder.rglob("*.db"):
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*.db*")))


def test_h14_an_erased_member_is_forgotten_at_every_till_and_in_the_next_snapshot(
    franchise: Franchise, tmp_path: Path
) -> None:
    """Enrolled offline, known at two stores and at a till that is away when it happens. The balance stays the member's."""
    add_people(franchise.hq)
    franchise.lease_nothing()
    one, beside, two = (franchise.till(name) for name in ("S01-T1", "S01-T2", "S02-T1"))
    one.unplug()
    lin = one.enrol(NAME, PHONE)
    one.top_up(lin, 10_000)
    mirror = Mirror(one.journal, tmp_path / "stick")
    mirror.copy()
    one.sync()
    number = number_of(franchise, lin)
    for till in (beside, two):
        done(till.counter.identify(number))
        till.sync()
        assert till.member(lin).name_masked == "欧*琳"
    (key,) = keys_in(one.journal.path)
    beside.unplug()
    assert snapshot_rows(franchise, "S01", lin, tmp_path)[0][:2] == ("欧*琳", "5678")
    erase(franchise, lin)
    assert snapshot_rows(franchise, "S01", lin, tmp_path) == [("*", "", 0)]
    assert beside.member(lin).name_masked == "欧*琳", "who is away hears of it later"
    for till in (one, beside, two):
        till.sync()
        shown = till.member(lin)
        assert (shown.name_masked, shown.phone_last4, shown.balance_minor) == (number, "", 15_000)
        assert done(till.counter.find_member(PHONE)) == ()
        till.unplug()
        assert refused(till.counter.find_member(PHONE)) is RefusalCode.MEMBER_UNKNOWN
        assert isinstance(done(till.counter.identify(number)), MemberView)
        till.sync()
    for till in (two, beside, one):
        till.redeem(lin, 500)
        till.sync()
    assert franchise.books.balances()[lin] == 15_000 - 1_500
    mirror.copy()
    assert keys_in(one.journal.path) == keys_in(tmp_path / "stick" / "S01-T1.mirror.db") == []
    one.close()
    left = bytes_on_disk(one.data_dir) + bytes_on_disk(tmp_path / "stick")
    assert key not in left
    assert "欧*琳".encode() not in b"".join(row for row in local_members(one))
    with HqClient(franchise.hq.url) as client:
        report = verify_journal(one.data_dir, client)
    assert report.ok, report.faults
    assert verify_journal(tmp_path / "stick" / "S01-T1.mirror.db").ok
    assert franchise.books.faults("S01-T1", "S01-T2", "S02-T1") == []


def local_members(till: Till) -> list[bytes]:
    with closing(sqlite3.connect(till.data_dir / "journal.db")) as file:
        return [str(row).encode() for row in file.execute("SELECT * FROM local_members")]


def test_h14_a_till_that_starts_anew_learns_no_name_and_keeps_no_key(franchise: Franchise) -> None:
    """The replica of the till that enrolled is gone: the row comes by snapshot, not by the feed."""
    add_people(franchise.hq)
    till = franchise.till("S01-T1")
    lin = till.enrol(NAME, PHONE)
    till.sync()
    assert len(keys_in(till.journal.path)) == 1
    erase(franchise, lin)
    franchise.hq.office.snapshots.build("S01")
    (till.data_dir / "replica.db").unlink()
    till.sync()
    assert till.member(lin).phone_last4 == ""
    assert keys_in(till.journal.path) == []


def test_h14_a_head_office_restored_from_before_the_enrolment_gets_no_name_again(
    franchise_at_rest: Path, tmp_path: Path
) -> None:
    """The till pushes its journal again, but has no key to send with it: the money comes back, the person does not."""
    with ExitStack() as tills:
        with playing(franchise_at_rest, tmp_path / "day") as before:
            add_people(before.hq)
            till = before.till("S01-T1")
            backup_of(before, tmp_path / "backup")
            lin = till.enrol(NAME, PHONE)
            till.top_up(lin, 10_000)
            till.sync()
            erase(before, lin)
            till.sync()
            tills.callback(till.close)
            before.stack.pop_all()
            clock = before.hq.clock
        clock.pass_(hours=1)
        config = HqConfig(data_dir=tmp_path / "backup", sequencer_interval_s=0.05)
        with serving(config, clock) as restored:
            till.restart(restored.url)
            till.sync()
            restored.sequenced()
            till.sync()
            books = HqBooks(config.database)
            assert books.balances()[lin] == 15_000
            assert books.rows("SELECT * FROM member_keys") == []
            told = books.rows(f"SELECT name_masked, phone_last4, name_sealed FROM members WHERE member_id = '{lin}'")
            assert told == [("*", "", None)]
            till.begin_shift()
            assert (till.member(lin).phone_last4, till.member(lin).balance_minor) == ("", 15_000)
            assert books.faults("S01-T1") == []


def test_h9_a_store_forgets_a_member_who_no_longer_comes_and_knows_him_again_when_he_does(
    franchise: Franchise, tmp_path: Path
) -> None:
    franchise.lease_nothing()
    home, away = franchise.till("S01-T1"), franchise.till("S02-T1")
    wang = member_of("S01")
    home.top_up(wang, 10_000)
    home.sync()
    number = number_of(franchise, wang)
    done(away.counter.identify(number))
    away.redeem(wang, 1_000)
    away.sync()
    assert len(snapshot_rows(franchise, "S02", wang, tmp_path)) == 1
    franchise.pass_time(days=QUIET + 1)
    assert leave_scopes(franchise.hq.office.desk, franchise.hq.clock.at, QUIET) == 1
    assert away.member(wang).balance_minor == 14_000, "offline it is as it was"
    away.sync()
    assert (away.replica.member(wang), away.replica.purchases_of(wang)) == (None, ())
    home.sync()
    assert home.member(wang).balance_minor == 14_000
    assert snapshot_rows(franchise, "S02", wang, tmp_path) == []
    away.unplug()
    answer = away.counter.identify(number)
    assert isinstance(answer, Refusal)
    assert (
        words_of(answer, Language.EN)
        == "This till does not know the number or code, and head office cannot be asked now."
    )
    assert words_of(answer, Language.ZH_CN) == "本机查不到这个号码或会员码，目前也无法向总部查询。"
    away.sync()
    found = done(away.counter.identify(number))
    assert isinstance(found, MemberView)
    assert found.balance_minor == 14_000
    away.next_shift()
    away.redeem(wang, 500)
    away.sync()
    home.sync()
    assert home.member(wang).balance_minor == away.member(wang).balance_minor == 13_500
    assert franchise.books.balances()[wang] == 13_500
    assert franchise.books.faults("S01-T1", "S02-T1") == []
    away.unplug()
    assert isinstance(done(away.counter.identify(number)), MemberView), "known here again, also offline"


def words_of(refusal: Refusal, language: Language) -> str:
    texts = Texts()
    texts.use(language)
    return explain(refusal, texts).why
