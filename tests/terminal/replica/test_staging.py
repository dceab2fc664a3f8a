"""A snapshot beside the replica, before it takes over: whatever a till that died left there is not mixed into it, and what is not used is not left behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from stored_value.apply import apply
from sync.errors import PageError
from sync.snapshot import file_sha256, pack_file
from terminal.replica import Replica, ReplicaUnreadable
from tests.stored_value.miniature import BOOK, MEMBER, redeem, refund
from tests.terminal.miniature import EPOCH, STORE, member_row, page, purchase_row
from tests.terminal.replica.snapshots import KEY, balance, holding, snapshot_of


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    opened = Replica.open(tmp_path / "replica.db")
    yield opened
    opened.close()


def staged_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "staged" in path.name)


def test_the_log_of_a_snapshot_that_a_dead_till_staged_is_not_taken_for_the_next_ones(
    replica: Replica, tmp_path: Path
) -> None:
    """SQLite finds a log by its file's name and reads it into whatever file has that name now."""
    first = replica.stage(*snapshot_of(tmp_path, 800, 7, cursor=20), KEY, "global")
    first.apply_page(page(member_row(holding(900), 8), after=20))
    log = tmp_path / "replica.db.staged-wal"
    left = log.read_bytes()
    assert left
    first.close()
    log.write_bytes(left)
    replica.become(replica.stage(*snapshot_of(tmp_path, 1_500, 9, cursor=30), KEY, "global"))
    assert balance(replica) == 1_500
    held = replica.cursor(STORE)
    assert held is not None
    assert held.cursor == 30
    assert staged_files(tmp_path) == []


def test_a_snapshot_that_sqlite_cannot_read_is_no_empty_replica_at_its_cursor(replica: Replica, tmp_path: Path) -> None:
    """Made anew, as a damaged replica is, it would show nobody, and the feed would bring nobody either."""
    replica.apply_page(page(member_row(holding(500), 3)))
    _, manifest = snapshot_of(tmp_path, 800, 7, cursor=20)
    plain, packed = tmp_path / "no.db", tmp_path / "no.packed"
    plain.write_bytes(b"no database at all" * 1_000)
    pack_file(plain, packed, KEY, b"87654321")
    told = msgspec.structs.replace(manifest, sha256=file_sha256(packed), plain_sha256=file_sha256(plain))
    with pytest.raises(PageError, match="no replica"):
        replica.stage(packed, told, KEY, "global")
    assert balance(replica) == 500
    assert staged_files(tmp_path) == []


def test_a_snapshot_that_is_refused_leaves_nothing_on_the_disk(replica: Replica, tmp_path: Path) -> None:
    packed, manifest = snapshot_of(tmp_path, 800, 7, cursor=20)
    with pytest.raises(PageError):
        replica.stage(packed, msgspec.structs.replace(manifest, plain_sha256="0" * 64), KEY, "global")
    assert staged_files(tmp_path) == []
    (tmp_path / "replica.db.staged").mkdir()
    with pytest.raises(ReplicaUnreadable):
        replica.stage(packed, manifest, KEY, "global")


def test_a_staged_one_that_does_not_take_over_is_thrown_away(replica: Replica, tmp_path: Path) -> None:
    staged = replica.stage(*snapshot_of(tmp_path, 800, 7, cursor=20), KEY, "global")
    staged.discard()
    assert staged_files(tmp_path) == []


def test_a_purchase_that_is_ahead_of_its_member_waits_although_rows_are_released(replica: Replica) -> None:
    """Else an own refund that the member's row does not contain yet would be counted in the purchase and once more as pending."""
    bought = apply(holding(500), redeem("r1", 200), BOOK)
    back = apply(bought.wallet, refund("x1", "r1", {1: 200}), BOOK)
    replica.apply_page(page(member_row(bought.wallet, 5), purchase_row(bought.purchases[0], 5)))
    replica.apply_page(page(purchase_row(back.purchases[0], 6), after=2))
    assert replica.release_deferred() == 0
    (shown,) = replica.purchases_of(MEMBER)
    assert sum(line.refunded_minor for line in shown.purchase.lines) == 0
    replica.apply_page(page(member_row(back.wallet, 6), after=3))
    (shown,) = replica.purchases_of(MEMBER)
    assert sum(line.refunded_minor for line in shown.purchase.lines) == 200
    assert replica.deferred_count() == 0


def test_a_row_read_online_in_an_epoch_that_is_over_changes_nothing(replica: Replica, tmp_path: Path) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    replica.take_ahead([member_row(holding(9_900), 4)], "an earlier epoch")
    assert balance(replica) == 500
    replica.take_ahead([member_row(holding(600), 4)], EPOCH)
    assert balance(replica) == 600
    with closing(sqlite3.connect(tmp_path / "replica.db")) as connection:
        assert connection.execute("SELECT count(*) FROM deferred").fetchone() == (0,)
