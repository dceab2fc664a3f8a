"""The chain finds what was changed, lost, swapped or cut off."""

import pytest

from stored_value.identity import TerminalId
from sync.chain import check_head, follow, sign_head, verify_chain
from sync.entry import GENESIS_HASH
from sync.errors import ChainBroken, ChainGap, SignatureError
from sync.keys import public_key_text
from tests.sync.miniature import journal, key

TILL = TerminalId("S01-T1")


def test_an_untouched_journal_has_no_faults() -> None:
    entries = journal()
    report = verify_chain([entry.raw for entry in entries], TILL)
    assert (report.entries, report.head_seq, report.head_hash) == (len(entries), len(entries), entries[-1].hash)
    assert report.faults == ()


def test_an_empty_journal_ends_at_the_genesis_hash() -> None:
    assert verify_chain([]).head_hash == GENESIS_HASH


@pytest.mark.parametrize("place", range(6))
def test_a_changed_amount_is_found_at_its_successor(place: int) -> None:
    raws = [entry.raw for entry in journal()]
    raws[place] = raws[place].replace(b'"offline":false', b'"offline":true')
    faults = verify_chain(raws).faults
    assert [fault.seq for fault in faults] == [place + 2]


def test_a_missing_entry_is_named() -> None:
    raws = [entry.raw for entry in journal()]
    del raws[2]
    assert "entry 3 is missing" in verify_chain(raws).faults[0].problem


def test_swapped_entries_are_found() -> None:
    raws = [entry.raw for entry in journal()]
    raws[2], raws[3] = raws[3], raws[2]
    assert {fault.place for fault in verify_chain(raws).faults} >= {3, 4}


def test_rubbish_in_the_middle_is_found_and_the_rest_is_still_read() -> None:
    raws = [entry.raw for entry in journal()]
    raws[2] = b"\x00rubbish"
    report = verify_chain(raws)
    assert [fault.place for fault in report.faults] == [3]
    assert report.head_seq == len(raws)


def test_another_tills_entries_are_found() -> None:
    report = verify_chain([journal()[0].raw], TerminalId("S02-T1"))
    assert "belongs to S01-T1" in report.faults[0].problem


def test_following_tells_a_gap_from_a_break() -> None:
    first, second, third = journal()[:3]
    follow(first.hash, 1, second)
    with pytest.raises(ChainGap):
        follow(first.hash, 1, third)
    with pytest.raises(ChainBroken):
        follow(third.hash, 1, second)


def test_a_head_signed_by_another_key_or_changed_after_is_refused() -> None:
    head = sign_head(key(1), TILL, 1, 7, "ab" * 32)
    check_head(public_key_text(key(1)), head)
    with pytest.raises(SignatureError):
        check_head(public_key_text(key(2)), head)
    with pytest.raises(SignatureError):
        check_head(
            public_key_text(key(1)), type(head)(**{**{f: getattr(head, f) for f in head.__struct_fields__}, "seq": 8})
        )
