"""Feed pages, snapshots, wallets and card texts as they cross."""

import secrets
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stored_value.apply import apply
from stored_value.identity import StoreId, member_no
from sync.cards import Card, card_text, read_card, read_receipt, receipt_text
from sync.errors import PageError
from sync.feed import open_page, page_of, read_page, seal_page, write_page
from sync.messages import PAGE_ROWS, FeedEntry, FeedPage, StoreRow, UnknownRow
from sync.replica_schema import metadata, upgrade
from sync.snapshot import CHUNK_BYTES, file_sha256, pack_file, unpack_file
from sync.wallet_codec import read_purchase, read_wallet, write_purchase, write_wallet
from tests.stored_value.miniature import BOOK, redeem, top_up, wallet
from tests.sync.miniature import T0

KEY = b"k" * 32


def page(sealed: bool = True) -> FeedPage:
    row = StoreRow(store_id=StoreId("S01"), name="人民路店", zone="Asia/Shanghai")
    return FeedPage(
        scope="global",
        epoch="e1",
        page=0,
        sealed=sealed,
        entries=(FeedEntry(seq=1, row=row),),
        head=1,
        needs_global=0,
        as_of=T0,
    )


def test_a_sealed_page_opens_only_at_its_address_with_its_key() -> None:
    data = seal_page(KEY, page(), b"n" * 12)
    assert open_page(KEY, data, "global", "e1", 0) == page()
    for wrong in (
        (b"x" * 32, data, "global", "e1", 0),
        (KEY, data, "S01", "e1", 0),
        (KEY, data, "global", "e2", 0),
        (KEY, data, "global", "e1", 1),
        (KEY, data[:-1], "global", "e1", 0),
        (KEY, b"", "global", "e1", 0),
    ):
        with pytest.raises(PageError):
            open_page(*wrong)


def test_an_open_page_is_read_but_never_sealed() -> None:
    assert read_page(write_page(page(sealed=False))) == page(sealed=False)
    with pytest.raises(ValueError, match="full page"):
        seal_page(KEY, page(sealed=False), b"n" * 12)
    with pytest.raises(PageError):
        read_page(b"rubbish")


def test_pages_hold_their_seqs() -> None:
    assert [page_of(seq) for seq in (1, PAGE_ROWS, PAGE_ROWS + 1)] == [0, 0, 1]


def test_a_snapshot_comes_back_as_the_same_file(tmp_path: Path) -> None:
    plain = tmp_path / "replica.db"
    upgrade(plain)
    with sqlite3.connect(plain) as connection:
        blobs = ((f"m{number}", f"{number:010d}", secrets.token_bytes(3000)) for number in range(1000))
        connection.executemany("INSERT INTO members VALUES (?, ?, 0, '', '', 0, 'S01', 1, ?, '', '')", blobs)
    connection.close()
    packed, again = tmp_path / "packed", tmp_path / "again.db"
    pack_file(plain, packed, KEY, b"prefix00")
    assert packed.stat().st_size > 2 * CHUNK_BYTES
    unpack_file(packed, again, KEY, file_sha256(packed), file_sha256(plain))
    assert again.read_bytes() == plain.read_bytes()


def test_a_disk_without_room_is_no_fault_of_the_snapshot(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(secrets.token_bytes(6 * CHUNK_BYTES))
    pack_file(plain, packed, KEY, b"prefix00")
    with pytest.raises(OSError, match="space"):
        unpack_file(packed, Path("/dev/full"), KEY, file_sha256(packed), file_sha256(plain))


@pytest.mark.parametrize("harm", ["flip", "cut", "swap chunks", "wrong key"])
def test_a_harmed_snapshot_is_refused(tmp_path: Path, harm: str) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(secrets.token_bytes(3 * CHUNK_BYTES))
    pack_file(plain, packed, KEY, b"prefix00")
    data, key = bytearray(packed.read_bytes()), KEY
    sealed = CHUNK_BYTES + 16
    match harm:
        case "flip":
            data[1000] ^= 1
        case "cut":
            del data[8 + 2 * sealed :]
        case "swap chunks":
            data[8 : 8 + sealed], data[8 + sealed : 8 + 2 * sealed] = (
                data[8 + sealed : 8 + 2 * sealed],
                data[8 : 8 + sealed],
            )
        case _:
            key = b"x" * 32
    packed.write_bytes(data)
    with pytest.raises(PageError):
        unpack_file(packed, tmp_path / "out", key, file_sha256(packed), file_sha256(plain))
    packed.write_bytes(b"other")
    with pytest.raises(PageError, match="download it again"):
        unpack_file(packed, tmp_path / "out", KEY, "0" * 64, file_sha256(plain))


def test_the_replicas_migrations_make_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    upgrade(path)
    upgrade(path)
    with sqlite3.connect(path) as connection:
        made = {
            table: [(row[1], row[2].split("(")[0], row[3]) for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in metadata.tables
        }
    connection.close()
    for name, table in metadata.tables.items():
        assert [column[0] for column in made[name]] == [column.name for column in table.columns]
        assert all(column[2] or table.columns[column[0]].primary_key for column in made[name])


def test_wallets_and_purchases_come_back_as_they_went() -> None:
    held = apply(wallet(), top_up("t1", 100_000), BOOK).wallet
    held = apply(held, redeem("r1", 5_000, 300), BOOK).wallet
    again = read_wallet(write_wallet(held))
    assert again == replace(held, purchases=())
    assert read_purchase(write_purchase(held.purchases[0])) == held.purchases[0]
    for read in (read_wallet, read_purchase):
        with pytest.raises(PageError):
            read(b'{"lots":3}')


@given(st.integers(0, 10**9 - 1), st.integers(0, 99))
def test_a_card_is_read_as_it_was_printed(number: int, issue: int) -> None:
    assert read_card(card_text(member_no(number), issue) + "\r\n") == Card(member_no(number), issue)


@given(st.text(max_size=40))
def test_rubbish_is_no_card_and_never_an_error(text: str) -> None:
    assert read_card(text) is None
    assert read_receipt(text) is None or text.strip().startswith("TCR1")


def test_a_receipts_code_gives_its_number() -> None:
    assert read_receipt(receipt_text("S01-T1-000042")) == "S01-T1-000042"


def test_a_row_of_a_newer_head_office_is_gone_past_and_a_faulty_one_is_not() -> None:
    def with_row(row: str) -> bytes:
        known = '{"row":"store","store_id":"S01","name":"人民路店","zone":"Asia/Shanghai"}'
        text = (
            f'{{"scope":"global","epoch":"e1","page":0,"sealed":false,"head":2,"needs_global":0,'
            f'"as_of":"{T0.isoformat()}","entries":[{{"seq":1,"row":{known}}},{{"seq":2,"row":{row}}}]}}'
        )
        return zstandard.compress(text.encode())

    held = read_page(with_row('{"row":"horoscope","sign":"virgo"}'))
    assert (held.entries[0], held.entries[1].row) == (page().entries[0], UnknownRow(kind="horoscope"))
    assert (held.head, held.as_of) == (2, T0)
    for faulty in ('{"row":"store","name":"人民路店"}', '{"sign":"virgo"}', "7"):
        with pytest.raises(PageError):
            read_page(with_row(faulty))
