"""Entries as bytes: what is written is read the same, what is not an entry says why."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored_value.events import Redeemed
from stored_value.identity import TerminalId
from sync.entry import ENTRY_BYTES_MAX, entry_hash, read_entry, write_entry
from sync.errors import BodyUnreadable, EntryUnreadable
from sync.event_codec import UnknownKind, event_of
from sync.keys import encode_bytes
from sync.messages import Push, PushedEntry, SignedHead
from tests.sync.miniature import every_kind, journal

GOLDEN = Path(__file__).parent.parent / "golden" / "entries" / "v1"


def test_every_kind_of_event_comes_back_as_it_went() -> None:
    for event, entry in zip(every_kind(), journal(), strict=True):
        assert event_of(read_entry(entry.raw)) == event


def test_the_bytes_are_canonical_json() -> None:
    for entry in journal():
        plain = json.loads(entry.raw)
        assert entry.raw == json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert set(plain["header"]) == {
            "v", "id", "kind", "terminal_id", "incarnation", "seq", "prev", "occurred_at", "anchor", "members",
            "reservations", "in_minor", "out_minor", "evidence",
        }  # fmt: skip


def test_entries_of_schema_version_1_decode_for_ever() -> None:
    files = sorted(GOLDEN.glob("*.json"), key=lambda path: int(path.name.partition("_")[0]))
    assert len(files) == len(every_kind())
    for path, event in zip(files, every_kind(), strict=True):
        raw = path.read_bytes().rstrip(b"\n")
        assert event_of(read_entry(raw)) == event, path.name


def test_the_header_names_the_value_that_moved() -> None:
    moved = {entry.header.kind: (entry.header.in_minor, entry.header.out_minor) for entry in journal()}
    assert moved["topped_up"] == (100_000, 0)
    assert moved["redeemed"] == (0, 7_500)
    assert moved["purchase_refunded"] == (500, 0)
    assert moved["shift_opened"] == (0, 0)
    assert moved["order_paid"] == (0, 2_850)
    assert moved["order_refunded"] == (81, 0)
    assert moved["pass_used"] == (0, 0)
    assert moved["cash_out_requested"] == (0, 40_600)
    assert moved["cash_out_paid"] == (0, 0)
    assert moved["cash_out_rejected"] == (40_600, 0)
    assert moved["deposit_taken"] == (20_000, 0)
    assert moved["deposit_kept"] == (0, 3_000)
    assert moved["refund_reversed"] == (0, 500)
    assert moved["transferred_out"] == (0, 7_000)
    assert moved["transferred_in"] == (7_000, 0)
    assert moved["lot_expired"] == (0, 5_000)
    assert moved["status_changed"] == (0, 0)
    assert moved["pin_set"] == moved["pin_cleared"] == (0, 0)


def test_a_field_from_a_newer_till_is_tolerated() -> None:
    entry = journal()[3]
    newer = entry.raw.replace(b'"amount_minor":7500', b'"amount_minor":7500,"aroma":"mint"', 1)
    event = event_of(read_entry(newer))
    assert isinstance(event, Redeemed)
    assert event.amount_minor == 7_500


def test_a_kind_from_a_newer_till_keeps_its_header() -> None:
    entry = read_entry(journal()[3].raw.replace(b'"kind":"redeemed"', b'"kind":"points_spent"'))
    assert entry.header.out_minor == 7_500
    with pytest.raises(UnknownKind, match="points_spent"):
        event_of(entry)


def test_a_body_that_cannot_be_read_names_the_field() -> None:
    entry = read_entry(journal()[3].raw.replace(b'"amount_minor":7500', b'"amount_minor":"lots"', 1))
    with pytest.raises(BodyUnreadable, match=r"amount_minor"):
        event_of(entry)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (b"", "truncated"),
        (b"{}", "header"),
        (b'{"body":{},"header":{}}', "missing required field"),
        (b'{"body":{}}' + b" " * 10, "header"),
        (b"\xff\xfe", "."),
    ],
)
def test_what_is_not_an_entry_says_why(broken: bytes, message: str) -> None:
    with pytest.raises(EntryUnreadable, match=message):
        read_entry(broken)


def test_a_torn_entry_is_never_read() -> None:
    raw = journal()[2].raw
    for cut in range(len(raw)):
        with pytest.raises(EntryUnreadable):
            read_entry(raw[:cut])


def test_an_entry_of_endless_length_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(EntryUnreadable, match="limit"):
        read_entry(b" " * (ENTRY_BYTES_MAX + 1))


def test_floats_never_enter_the_journal() -> None:
    header = journal()[0].header
    with pytest.raises(EntryUnreadable, match="floats"):
        write_entry(header, {"lines": [{"total": 1.5}]})


@given(st.data())
def test_any_flipped_byte_changes_the_hash(data: st.DataObject) -> None:
    raw = bytearray(journal()[2].raw)
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    assert entry_hash(bytes(raw)) != journal()[2].hash


def test_a_frozen_header_takes_no_new_fields() -> None:
    raw = journal()[2].raw.replace(b'"in_minor"', b'"extra":1,"in_minor"')
    with pytest.raises(EntryUnreadable, match="extra"):
        read_entry(raw)
    assert msgspec.json.decode(raw)


def test_the_largest_entry_alone_passes_the_least_limit_of_a_proxy() -> None:
    """One mebibyte, as docs/OPERATIONS.md asks for: not compressed, with a key beside it and a report on four thousand leases."""
    raw = bytes(range(256)) * (ENTRY_BYTES_MAX // 256)
    head = SignedHead(
        terminal_id=TerminalId("S" * 40),
        incarnation=1,
        seq=2**60,
        hash="f" * 64,
        signature="s" * 90,
        open_reservations=tuple(f"{number:036}" for number in range(4_096)),
        is_report=True,
    )
    entry = PushedEntry(raw=encode_bytes(raw), attachment=encode_bytes(bytes(4_096)))
    assert len(msgspec.json.encode(Push(epoch="e" * 36, entries=(entry,), head=head))) < 1024 * 1024
