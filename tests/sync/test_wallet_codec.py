"""What a stored wallet says and what it leaves out; documents of every field, as they were written before, read the same."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec

from stored_value.apply import apply
from stored_value.identity import MemberId, TierId
from stored_value.wallet import Wallet, WalletStatus
from sync.replica_schema import PAGE_BYTES, upgrade
from sync.wallet_codec import read_purchase, read_wallet, write_purchase, write_wallet
from tests.stored_value.miniature import BOOK, redeem, top_up, wallet

MEMBER = MemberId("019ab000-0000-7000-8000-00000000000a")


def test_a_wallet_of_nothing_but_defaults_says_only_whose_it_is() -> None:
    empty = Wallet(member_id=MEMBER, tier_id=TierId("basic"))
    assert json.loads(write_wallet(empty)) == {"loyalty": {}, "member_id": MEMBER, "tier_id": "basic"}
    assert read_wallet(write_wallet(empty)) == empty


def test_what_differs_from_its_default_is_written_by_its_name() -> None:
    frozen = Wallet(member_id=MEMBER, tier_id=TierId("basic"), status=WalletStatus.FROZEN, spent_minor=5)
    written = json.loads(write_wallet(frozen))
    assert (written["status"], written["spent_minor"]) == ("frozen", 5)


def test_an_older_document_that_has_every_field_reads_the_same() -> None:
    held = apply(apply(wallet(), top_up("t1", 100_000), BOOK).wallet, redeem("r1", 5_000, 300), BOOK).wallet
    bare = replace(held, purchases=())
    every_field = msgspec.json.encode(bare, order="sorted")
    assert len(write_wallet(held)) < len(every_field)
    assert read_wallet(every_field) == read_wallet(write_wallet(held)) == bare
    bought = held.purchases[0]
    assert read_purchase(msgspec.json.encode(bought)) == read_purchase(write_purchase(bought)) == bought


def test_a_members_row_lies_in_its_page_without_another_one_beside_it(tmp_path: Path) -> None:
    """A row that does not fit a page four times takes pages of its own: at 4,096 bytes a page a million members took 4.8 GB."""
    path, members = tmp_path / "replica.db", 200
    upgrade(path)
    held = apply(apply(wallet(), top_up("t1", 100_000), BOOK).wallet, top_up("t2", 100_000), BOOK).wallet
    document = write_wallet(held)
    with closing(sqlite3.connect(path)) as replica, replica:
        assert replica.execute("PRAGMA page_size").fetchone() == (PAGE_BYTES,)
        (before,) = replica.execute("PRAGMA page_count").fetchone()
        replica.executemany(
            "INSERT INTO members VALUES (?, ?, 1, '王*丽', '1234', 7, 'S01', 4, ?, '2026-11-23T08:00:00+00:00', '')",
            [(f"{number:036d}", f"{number:010d}", document) for number in range(members)],
        )
        (after,) = replica.execute("PRAGMA page_count").fetchone()
    assert (after - before) * PAGE_BYTES < 2 * members * (len(document) + 150)
