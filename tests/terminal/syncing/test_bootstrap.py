"""How a till gets its replica when much goes wrong on the way: half a download, a newer snapshot meanwhile, a disk without room, a key that it has not heard of."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hq_server.feed.publishing import publish
from hq_server.franchise_data import rulebook
from hq_server.keys.key_files import ROOT_KEY
from hq_server.keys.rotation import rotate_key
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.identity import MemberId, StoreId
from stored_value.rulebook_document import write_rulebook
from sync.errors import HqUnreachable
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE, StoreRow
from terminal.replica import ReplicaWithoutRoom
from terminal.till_directory import TillDirectory
from tests.hq_server.served import ServedHq
from tests.terminal.syncing.till import SyncedTill, hq_balance, move_global


class Disk(TillDirectory):
    """With so much room."""

    free = 2**40

    def free_bytes(self) -> int:
        return self.free


def with_money(till: SyncedTill) -> MemberId:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    return member


def without_replica(till: SyncedTill) -> None:
    till.stop()
    for suffix in ("", "-wal", "-shm"):
        till.place.replica.with_name("replica.db" + suffix).unlink(missing_ok=True)
    till.start()


def fetched(till: SyncedTill) -> list[str]:
    """The snapshots themselves, not their manifests."""
    return [path for path in till.cable.paths if path.startswith("/v1/snapshots/") and not path.endswith("/latest")]


def parts(till: SyncedTill) -> list[Path]:
    return sorted(till.place.path.glob("*.part"))


def test_half_a_download_is_continued_and_half_of_another_snapshot_is_not(till: SyncedTill, hq: ServedHq) -> None:
    member = with_money(till)
    manifest = till.client.snapshot_manifest("S01")
    older = till.place.download(manifest.sha256)
    till.client.download_snapshot(manifest, older)
    older.write_bytes(older.read_bytes()[: manifest.size_bytes // 2])
    hq.clock.pass_(seconds=1)
    newer = hq.office.snapshots.build("S01")
    assert newer.sha256 != manifest.sha256
    half = till.place.path / f"snapshot-{newer.sha256[:16]}.part"
    till.client.download_snapshot(newer, half)
    whole = half.read_bytes()
    half.write_bytes(whole[:1_000])
    without_replica(till)
    till.sync()
    assert till.shown(member).total_minor == hq_balance(hq, member) == 9_900
    assert parts(till) == []


def test_what_was_fetched_is_used_again_when_the_line_broke_behind_it(till: SyncedTill, hq: ServedHq) -> None:
    """A large snapshot over a line that breaks every few minutes would never arrive else."""
    member = with_money(till)
    move_global(hq)
    without_replica(till)
    before = len(fetched(till))
    for _ in range(3):
        till.cable.lose_replies_to = {"/v1/feed/": 1}
        with pytest.raises(HqUnreachable):
            till.sync()
        assert [path.name for path in till.place.path.iterdir() if "staged" in path.name] == []
        till.restart()
    till.sync()
    assert len(fetched(till)) == before + 1
    assert till.shown(member).total_minor == 9_900
    assert parts(till) == []


def test_a_snapshot_that_would_leave_the_journal_no_room_is_not_fetched(till: SyncedTill, hq: ServedHq) -> None:
    member = with_money(till)
    manifest = till.client.snapshot_manifest("S01")
    disk = Disk(till.place.path)
    disk.free = manifest.size_bytes + manifest.plain_size_bytes
    till.place = disk
    without_replica(till)
    before = len(fetched(till))
    with pytest.raises(ReplicaWithoutRoom, match="free space"):
        till.sync()
    assert len(fetched(till)) == before
    till.redeem(member, 900)
    disk.free = 2**40
    till.sync()
    assert till.shown(member).total_minor == hq_balance(hq, member) == 9_000


def test_a_disk_that_fills_up_under_a_download_gets_its_room_back(till: SyncedTill, hq: ServedHq) -> None:
    """Somebody else's files fill it as well. Left there, half a snapshot would keep the till from selling."""
    with_money(till)
    manifest = till.client.snapshot_manifest("S01")
    full = till.place.download(manifest.sha256)
    full.symlink_to("/dev/full")
    without_replica(till)
    with pytest.raises(OSError, match="No space"):
        till.sync()
    assert not full.is_symlink()
    assert parts(till) == []
    till.sync()
    assert till.replica.cursor(StoreId("S01")) is not None


def test_h16_a_rulebook_by_a_key_of_which_only_a_new_session_tells_is_taken(till: SyncedTill, hq: ServedHq) -> None:
    """A row that is left out never comes again: the till asks before it leaves one out."""
    till.sync()
    opened = till.cable.paths.count("/v1/sessions")
    keys_dir, now = hq.office.config.keys, hq.clock.at
    made = rotate_key(keys_dir, KeyPurpose.RULEBOOK, keys_dir / ROOT_KEY, now=now, lead=timedelta(minutes=1))
    book = replace(rulebook(now + timedelta(minutes=5)), version=2)
    with hq.database.write() as session:
        publish_rulebook(session, hq.office.keys, write_rulebook(book), by="test", now=now)
        publish(session, GLOBAL_SCOPE, StoreRow(store_id=StoreId("S09"), name="新店", zone="UTC"), at=now)
    assert till.sync().rejected == ()
    assert till.cable.paths.count("/v1/sessions") == opened + 1
    assert {row.version: row.key_id for row in till.replica.rulebook_rows()}[2] == made.key_id
    assert till.replica.store(StoreId("S09")) is not None
