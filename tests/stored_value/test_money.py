"""Rounding, reading and writing of amounts: cases by hand, laws by Hypothesis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored_value.money import AmountError, floor_share, format_yuan, in_words, parse_yuan, split


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, (1, 1, 1), (4, 3, 3)),
        (11, (1, 1, 1), (4, 4, 3)),
        (100, (1, 2), (33, 67)),
        (5, (0, 3, 0), (0, 5, 0)),
        (1, (1, 1), (1, 0)),
        (2, (1, 5, 1), (0, 2, 0)),
        (3, (5, 1, 5), (2, 0, 1)),
        (0, (0, 0), (0, 0)),
        (0, (), ()),
    ],
)
def test_left_over_fen_go_to_the_largest_remainder_ties_to_the_earlier(
    total: int, weights: tuple[int, ...], shares: tuple[int, ...]
) -> None:
    assert split(total, weights) == shares


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=12))
def test_a_split_loses_nothing_and_strays_less_than_one_fen(total: int, weights: list[int]) -> None:
    if not sum(weights):
        return
    shares = split(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)
        assert weight or not share


@pytest.mark.parametrize(("total", "weights"), [(-1, (1,)), (1, (-1, 2)), (1, (0, 0)), (1, ())])
def test_a_split_without_takers_is_a_bug(total: int, weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="split"):
        split(total, weights)


def test_a_floor_share_rounds_down() -> None:
    assert floor_share(1000, 2, 3) == 666
    with pytest.raises(ValueError, match="positive whole"):
        floor_share(1, 1, 0)


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("128", 12800),
        ("128.5", 12850),
        ("128.05", 12805),
        (".5", 50),
        ("1,280.00", 128000),
        ("￥3", 300),
        ("0", 0),
        ("5.", 500),
    ],
)
def test_typed_yuan_are_read(typed: str, minor: int) -> None:
    assert parse_yuan(typed) == minor


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        (".", "empty"),
        ("-5", "negative"),
        ("1.234", "too_many_decimals"),
        ("1.2.3", "not_a_number"),
        ("12a", "not_a_number"),
        ("1e5", "not_a_number"),
        ("９", "not_a_number"),
        ("99999999999999", "too_large"),
    ],
)
def test_what_cannot_be_read_says_why(typed: str, code: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_yuan(typed)
    assert caught.value.code == code


@given(st.integers(-(10**12), 10**12))
def test_what_is_written_can_be_read_again(minor: int) -> None:
    written = format_yuan(minor)
    assert parse_yuan(written.removeprefix("-")) == abs(minor)
    assert written.startswith("-￥" if minor < 0 else "￥")


@pytest.mark.parametrize(
    ("minor", "text"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (15, "壹角伍分"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (12800, "壹佰贰拾捌元整"),
        (12850, "壹佰贰拾捌元伍角整"),
        (12805, "壹佰贰拾捌元零伍分"),
        (1000, "壹拾元整"),
        (10_000, "壹佰元整"),
        (100_500, "壹仟零伍元整"),
        (101_000, "壹仟零壹拾元整"),
        (1_000_000, "壹万元整"),
        (1_000_500, "壹万零伍元整"),
        (1_050_000, "壹万零伍佰元整"),
        (1_500_000, "壹万伍仟元整"),
        (10_000_000, "壹拾万元整"),
        (100_010_000, "壹佰万零壹佰元整"),
        (10_000_000_000, "壹亿元整"),
        (10_000_000_100, "壹亿零壹元整"),
        (10_010_000_000, "壹亿零壹拾万元整"),
        (-500, "负伍元整"),
    ],
)
def test_amounts_in_financial_capitals(minor: int, text: str) -> None:
    assert in_words(minor) == text


@given(st.integers(0, 10**12))
def test_capitals_never_repeat_or_misplace_a_zero(minor: int) -> None:
    text = in_words(minor)
    assert "零零" not in text
    assert text == "零元整" or not text.startswith("零")
    assert "零元" not in text or text == "零元整"
