"""Miniature snapshots for tests of the replica: a file as head office would pack it, with one member in it."""

from pathlib import Path

from stored_value.apply import apply
from stored_value.wallet import Wallet
from sync.messages import SnapshotManifest
from sync.snapshot import file_sha256, pack_file
from terminal.replica import Replica
from tests.stored_value.miniature import BOOK, MEMBER, top_up, wallet
from tests.terminal.miniature import EPOCH, STORE, T0, member_row, page

KEY = bytes(32)


def holding(amount: int) -> Wallet:
    return apply(wallet(), top_up("t1", amount), BOOK).wallet


def balance(replica: Replica) -> int:
    member = replica.member(MEMBER)
    assert member is not None
    return member.wallet.total_minor


def snapshot_of(folder: Path, amount: int, version: int, cursor: int) -> tuple[Path, SnapshotManifest]:
    """A replica file as head office would pack it."""
    source = Replica.open(folder / f"made-{version}.db")
    source.apply_page(page(member_row(holding(amount), version), after=0))
    source._file.seal()
    packed = folder / f"packed-{version}"
    pack_file(folder / f"made-{version}.db", packed, KEY, b"12345678")
    manifest = SnapshotManifest(
        scope=STORE,
        epoch=EPOCH,
        cursor=cursor,
        global_cursor=2,
        sha256=file_sha256(packed),
        size_bytes=packed.stat().st_size,
        plain_sha256=file_sha256(folder / f"made-{version}.db"),
        plain_size_bytes=(folder / f"made-{version}.db").stat().st_size,
        key_id="",
        as_of=T0,
    )
    return packed, manifest
