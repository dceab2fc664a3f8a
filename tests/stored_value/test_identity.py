"""Ids and numbers that people read."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored_value.identity import StoreId, TerminalId, is_member_no, member_no, receipt_no, uuid7


def test_a_uuid7_carries_its_millisecond_and_sorts_by_it() -> None:
    early = uuid7(datetime(2026, 1, 1, tzinfo=UTC), b"\xff" * 10)
    late = uuid7(datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC), b"\x00" * 10)
    assert early < late
    assert UUID(early).version == 7
    assert UUID(early).int >> 80 == 1767225600000


def test_a_naive_time_or_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        uuid7(datetime(2026, 1, 1), b"0" * 10)  # noqa: DTZ001 - the naive time is what is tested
    with pytest.raises(ValueError, match="random"):
        uuid7(datetime(2026, 1, 1, tzinfo=UTC), b"0")


@given(st.integers(0, 10**9 - 1), st.integers(0, 9), st.integers(1, 9))
def test_any_one_mistyped_digit_is_noticed(number: int, place: int, change: int) -> None:
    right = member_no(number)
    wrong = right[:place] + str((int(right[place]) + change) % 10) + right[place + 1 :]
    assert is_member_no(right)
    assert not is_member_no(wrong)


def test_a_receipt_number_names_store_till_and_place() -> None:
    assert receipt_no(StoreId("S01"), TerminalId("S01-T1"), 42) == "S01-T1-000042"
    with pytest.raises(ValueError, match="named after"):
        receipt_no(StoreId("S02"), TerminalId("S01-T1"), 42)
