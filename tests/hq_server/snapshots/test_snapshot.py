"""Snapshots: what a till downloads opens as its replica, stands where its manifest says, and is a file of its own for ever."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hq_server import franchise_data
from hq_server.database.models import PurchaseRecord, ScopeMember, WalletRecord
from hq_server.feed.publishing import current_epoch, heads_of
from hq_server.sessions.epochs import begin_epoch
from hq_server.snapshots.builder import AGE_MAX, ROWS_BEHIND_MAX
from hq_server.snapshots.replica_file import write_replica
from hq_server.snapshots.shelf import KEPT
from stored_value.wallet import ValueKind
from sync import replica_schema
from sync.errors import PageError
from sync.keys import TrustedKeys
from sync.messages import RulebookRow
from sync.pins import check_pin
from sync.rulebook_signature import check_rulebook
from sync.snapshot import file_sha256, unpack_file
from sync.wallet_codec import read_wallet
from tests.hq_server.opened import NOW
from tests.hq_server.snapshots.building import Hq, rows
from tests.waiting import until


def test_a_snapshot_of_the_sample_opens_as_a_replica(hq_on_each: Hq, tmp_path: Path) -> None:
    hq = hq_on_each
    manifest = hq.builder.build("S01")
    path = hq.opened(manifest, tmp_path)
    replica_schema.upgrade(path)
    expected = [person for person in franchise_data.members(until=NOW) if person.home_store_id == "S01"]
    found = rows(path, "SELECT member_id, member_no, name_masked, phone_last4, wallet, version FROM members")
    assert {row[0] for row in found} == {person.member_id for person in expected}
    masked = {person.member_no: (person.name[0], person.phone[-4:]) for person in expected}
    for member_id, number, name, last4, wallet, version in found:
        assert isinstance(name, str)
        assert isinstance(wallet, bytes)
        assert isinstance(number, str)
        assert (name[0], last4) == masked[number]
        opened = read_wallet(wallet)
        assert (opened.member_id, opened.version) == (member_id, version)
        assert opened.balance_minor(ValueKind.PRINCIPAL) == 0
    assert rows(path, "SELECT store_id FROM stores ORDER BY 1") == [("S01",), ("S02",), ("S03",)]
    assert rows(path, "SELECT scope, epoch, cursor FROM cursors ORDER BY 1") == [
        ("S01", manifest.epoch, manifest.cursor),
        ("global", manifest.epoch, manifest.global_cursor),
    ]
    assert manifest.global_cursor == 4


def test_a_snapshot_holds_this_stores_staff_and_a_rulebook_that_the_till_trusts(hq: Hq, tmp_path: Path) -> None:
    path = hq.opened(hq.builder.build("S02"), tmp_path)
    staff = rows(path, "SELECT name, role, verifier, active FROM staff ORDER BY role")
    assert [row[:2] for row in staff] == [("张伟", "cashier"), ("刘芳", "manager")]
    assert all(row[3] == 1 for row in staff)
    pins = {person.name: person.pin for person in franchise_data.STAFF}
    assert check_pin(str(staff[0][2]), pins["张伟"], hq.keys.staff_pepper("S02"))
    ((version, effective_at, document, signature, key_id),) = rows(
        path, "SELECT version, effective_at, document, signature, key_id FROM rulebooks"
    )
    assert isinstance(version, int)
    assert isinstance(document, bytes)
    row = RulebookRow(
        version=version,
        effective_at=datetime.fromisoformat(str(effective_at)),
        document=document.decode(),
        signature=str(signature),
        key_id=str(key_id),
    )
    assert check_rulebook(TrustedKeys(hq.keys.root_public_key, hq.keys.certificates), row).version == 1


def test_no_full_name_or_phone_is_in_what_a_till_opens(hq: Hq, tmp_path: Path) -> None:
    plain = hq.opened(hq.builder.build("S01"), tmp_path).read_bytes()
    assert "人民路店".encode() in plain
    for person in franchise_data.members(until=NOW):
        assert person.phone[3:].encode() not in plain
        assert len(person.name) == 2 or person.name.encode() not in plain


def test_what_is_served_cannot_be_opened_without_the_scopes_key(hq: Hq, tmp_path: Path) -> None:
    manifest = hq.builder.build("S01")
    packed = hq.builder.shelf.path("S01", manifest.sha256)
    assert packed is not None
    assert "人民路店".encode() not in packed.read_bytes()
    key = hq.keys.scope_key("S02").key
    with pytest.raises(PageError):
        unpack_file(packed, tmp_path / "x.db", key, manifest.sha256, manifest.plain_sha256)


def test_any_flipped_byte_of_a_snapshot_is_found(hq: Hq, tmp_path: Path) -> None:
    manifest = hq.builder.build("S03")
    packed = hq.builder.shelf.path("S03", manifest.sha256)
    assert packed is not None
    good = packed.read_bytes()
    chance = random.Random(7)
    broken = tmp_path / "broken"
    for _ in range(50):
        place = chance.randrange(len(good))
        broken.write_bytes(good[:place] + bytes([good[place] ^ 1 << chance.randrange(8)]) + good[place + 1 :])
        with pytest.raises(PageError):
            unpack_file(broken, tmp_path / "x.db", hq.keys.scope_key("S03").key, manifest.sha256, manifest.plain_sha256)
        with pytest.raises(PageError):
            unpack_file(
                broken, tmp_path / "x.db", hq.keys.scope_key("S03").key, file_sha256(broken), manifest.plain_sha256
            )


def test_rows_are_never_older_than_the_cursor_that_the_snapshot_names(hq_on_each: Hq, tmp_path: Path) -> None:
    """A commit while the snapshot is being read is in neither its rows nor its cursor, but in the feed behind it."""
    hq = hq_on_each
    target = tmp_path / "replica.db"
    replica_schema.upgrade(target)
    with hq.database.read() as session:
        before = heads_of(session, current_epoch(session))
        hq.publish_rows(3)
        with hq.database.write() as other:
            other.execute(update(WalletRecord).values(version=WalletRecord.version + 1))
        facts = write_replica(session, target, "S01", as_of=NOW)
    assert facts.cursor == before.get("S01", 0)
    assert rows(target, "SELECT DISTINCT version FROM members") == [(1,)]
    later = hq.builder.build("S01")
    assert later.cursor == facts.cursor + 3
    assert rows(hq.opened(later, tmp_path), "SELECT DISTINCT version FROM members") == [(2,)]


def test_a_blocked_member_of_any_store_is_in_every_snapshot(hq: Hq, tmp_path: Path) -> None:
    stranger = next(person for person in franchise_data.members(until=NOW) if person.home_store_id == "S03")
    with hq.database.write() as session:
        session.get_one(WalletRecord, stranger.member_id).status = "lost"
    path = hq.opened(hq.builder.build("S01"), tmp_path)
    assert rows(path, "SELECT member_id, status, version FROM blocks") == [(stranger.member_id, "lost", 1)]


def test_purchases_that_may_still_be_refunded_come_along(hq: Hq, tmp_path: Path) -> None:
    member = next(person for person in franchise_data.members(until=NOW) if person.home_store_id == "S01")
    with hq.database.write() as session:
        for number, days in (("1", 0), ("2", 30), ("3", 33)):
            session.add(
                PurchaseRecord(
                    member_id=member.member_id,
                    purchase_id=number,
                    receipt_no=f"S02-T1-00000{number}",
                    store_id="S02",
                    terminal_id="S02-T1",
                    business_date=(NOW - timedelta(days=days)).date(),
                    version=1,
                    state=b"{}",
                )
            )
    path = hq.opened(hq.builder.build("S01"), tmp_path)
    assert rows(path, "SELECT purchase_id, business_date FROM purchases ORDER BY 1") == [
        ("1", "2026-11-23"),
        ("2", "2026-10-24"),
    ]


def test_members_who_entered_another_stores_scope_are_in_both(hq: Hq, tmp_path: Path) -> None:
    visitor = next(person for person in franchise_data.members(until=NOW) if person.home_store_id == "S01")
    with hq.database.write() as session:
        session.add(ScopeMember(member_id=visitor.member_id, store_id="S03", entered_at=NOW))
    for scope in ("S01", "S03"):
        path = hq.opened(hq.builder.build(scope), tmp_path)
        assert rows(path, f"SELECT count(*) FROM members WHERE member_id = '{visitor.member_id}'") == [(1,)]


def test_the_background_makes_one_for_every_store_and_rests(hq: Hq) -> None:
    hq.builder.start()
    for store in franchise_data.STORES:
        until(lambda: hq.builder.latest(store.store_id), what=f"the snapshot of {store.store_id}")  # noqa: B023 - awaited here
    assert hq.builder.stale() == []


def test_the_first_till_that_asks_waits_for_the_first_snapshot(hq: Hq) -> None:
    assert hq.builder.latest("S02") is None
    hq.builder.start()
    manifest = hq.builder.latest("S02", wait_s=30)
    assert manifest is not None
    assert manifest.scope == "S02"


def test_a_snapshot_is_made_anew_when_it_is_far_behind_or_old_and_behind(hq: Hq) -> None:
    for store in franchise_data.STORES:
        hq.builder.build(store.store_id)
    hq.publish_rows(ROWS_BEHIND_MAX)
    assert hq.builder.stale() == []
    hq.publish_rows(1)
    assert hq.builder.stale() == ["S01"]
    hq.builder.build("S01")
    hq.publish_rows(1)
    hq.clock.now += AGE_MAX + timedelta(seconds=1)
    assert hq.builder.stale() == ["S01"]


def test_h1_a_snapshot_of_an_epoch_that_is_over_is_not_offered(hq: Hq) -> None:
    old = hq.builder.build("S01")
    with hq.database.write() as session:
        epoch = begin_epoch(session, current_epoch(session), now=NOW)
    assert hq.builder.latest("S01") is None
    assert "S01" in hq.builder.stale()
    new = hq.builder.build("S01")
    assert (new.epoch, new.cursor, new.global_cursor) == (epoch, 0, 0)
    assert new.epoch != old.epoch


def test_older_snapshots_stay_a_while_and_then_go(hq: Hq) -> None:
    made = [hq.builder.build("S01") for _ in range(KEPT + 2)]
    assert len({manifest.sha256 for manifest in made}) == KEPT + 2, "the same rows are packed under another nonce"
    kept = [manifest for manifest in made if hq.builder.shelf.path("S01", manifest.sha256)]
    assert len(kept) == KEPT
    assert made[-1] in kept
    folder = hq.config.snapshots_dir / "S01"
    assert [path.name for path in folder.iterdir() if path.name.startswith("making")] == []


@pytest.mark.parametrize(("scope", "sha256"), [("../data", "0" * 64), ("S01", "../latest.json"), ("S01", "0" * 64)])
def test_no_path_leads_out_of_the_folder(hq: Hq, scope: str, sha256: str) -> None:
    hq.builder.build("S01")
    assert hq.builder.shelf.path(scope, sha256) is None


def test_a_failed_build_is_told_and_the_thread_goes_on(hq: Hq) -> None:
    """The disk refuses once: whoever waits is told 'not ready', and the next one gets a snapshot."""
    template = hq.config.snapshots_dir / "empty-replica.db"
    template.mkdir(parents=True)
    hq.builder.start()
    assert hq.builder.latest("S01", wait_s=30) is None
    template.rmdir()
    assert hq.builder.latest("S01", wait_s=30) is not None
