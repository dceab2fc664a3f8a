"""Typing amounts and numbers: what the keypad lets through and what it shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.screens.amounts import AmountEntry, DigitEntry

KEYS = [*"0123456789", ".", "back", "clear"]


def typed(keys: str) -> AmountEntry:
    entry = AmountEntry()
    for key in keys:
        entry = entry.press("back" if key == "<" else key)
    return entry


@pytest.mark.parametrize(
    ("keys", "shown", "minor"),
    [
        ("", "￥0.00", 0),
        ("128", "￥128", 12_800),
        ("1280.5", "￥1,280.5", 128_050),
        ("0.05", "￥0.05", 5),
        (".5", "￥0.5", 50),
        ("007", "￥7", 700),
        ("12.345", "￥12.34", 1_234),
        ("1.2.3", "￥1.23", 123),
        ("12345678", "￥1,234,567", 123_456_700),
        ("12.<", "￥12", 1_200),
        ("12<<<", "￥0.00", 0),
        (".", "￥0.", 0),
    ],
)
def test_what_is_typed_is_shown_and_counted(keys: str, shown: str, minor: int) -> None:
    entry = typed(keys)
    assert (entry.shown, entry.minor) == (shown, minor)


def test_an_amount_from_a_quick_key_is_shown_in_full_and_the_next_digit_starts_anew() -> None:
    quick = AmountEntry.of(50_000)
    assert (quick.shown, quick.minor) == ("￥500.00", 50_000)
    assert quick.press("7").minor == 700
    assert quick.press("back").is_empty


@given(st.lists(st.sampled_from(KEYS), max_size=30))
def test_no_sequence_of_keys_breaks_an_amount(keys: list[str]) -> None:
    entry = AmountEntry()
    for key in keys:
        entry = entry.press(key)
        assert 0 <= entry.minor < 10**9
        assert entry.shown.startswith("￥")


def test_numbers_stop_at_their_length() -> None:
    entry = DigitEntry(4)
    for key in "13800":
        entry = entry.press(key)
    assert entry.digits == "1380"
    assert entry.press("back").digits == "138"
    assert entry.press(".").digits == "1380"
    assert entry.press("clear").digits == ""
