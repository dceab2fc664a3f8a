"""The laws of layout, and the cases a cashier would notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printers.document import Align, Cell, Columns, Receipt, Row, Size, Text
from printers.glyphs import GETA, GlyphSet, columns_of, printable
from printers.layout import Line, lay_out, set_row, text_lines, wrap
from tests.printers.sample_receipts import sale
from tests.printers.test_document import RECEIPTS

WIDTHS = st.sampled_from([32, 42, 48])
PRINTABLE = st.text(max_size=120).map(lambda text: printable(text, GlyphSet.GBK))


@given(RECEIPTS, WIDTHS, st.sampled_from(GlyphSet))
def test_no_line_is_wider_than_the_paper(document: Receipt, columns: int, glyphs: GlyphSet) -> None:
    for item in lay_out(document, columns=columns, glyphs=glyphs):
        if isinstance(item, Line):
            assert columns_of(item.text) * (2 if item.size is Size.LARGE else 1) <= columns


@given(RECEIPTS, WIDTHS)
def test_every_column_is_one_byte_of_what_will_be_sent(document: Receipt, columns: int) -> None:
    for item in lay_out(document, columns=columns):
        if isinstance(item, Line):
            assert columns_of(item.text) == len(item.text.encode("gb18030"))


@given(PRINTABLE, PRINTABLE, WIDTHS)
def test_every_character_of_a_rows_value_survives(left: str, right: str, columns: int) -> None:
    lines = set_row(left.rstrip(), right, columns)
    if columns_of(right) <= columns:
        assert lines[-1].endswith(right)
    else:
        assert right.replace(" ", "") in "".join(lines).replace(" ", "")


@given(PRINTABLE, st.integers(2, 60))
def test_wrapping_loses_nothing_but_blanks(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(columns_of(line) <= room for line in lines)


@pytest.mark.parametrize(
    ("left", "right", "room", "expected"),
    [
        ("合计", "￥12.50", 16, ["合计     ￥12.50"]),
        ("康师傅红烧牛肉面", "5.50", 24, ["康师傅红烧牛肉面    5.50"]),
        ("康师傅红烧牛肉面大桶", "￥105.50", 24, ["康师傅红烧牛肉面大桶", "                ￥105.50"]),
        ("", "￥5", 8, ["     ￥5"]),
        ("名", "1234567890", 8, ["名", "12345678", "      90"]),
    ],
)
def test_amounts_stand_at_the_right_and_whole(left: str, right: str, room: int, expected: list[str]) -> None:
    assert [line.rstrip() for line in set_row(left, right, room)] == [line.rstrip() for line in expected]


def test_a_name_beyond_three_lines_loses_its_middle_not_its_size() -> None:
    lines = set_row("超值家庭装" * 20 + "十二包", "￥99.00", 32)
    assert len(lines) == 3
    assert lines[-1].startswith("…")
    assert "十二包" in lines[-1]
    assert lines[-1].endswith("￥99.00")


def test_a_figure_too_wide_for_its_cell_moves_below_its_name() -> None:
    cells = (Cell(text="农夫山泉", weight=3), Cell(text="1,234,567.00", align=Align.RIGHT, weight=1))
    (line,) = text_lines(lay_out(Receipt(blocks=(Columns(cells=cells),)), columns=32))
    assert line == "农夫山泉            1,234,567.00"


def test_closing_signs_do_not_begin_a_line() -> None:
    assert wrap("谢谢惠顾，欢迎", 8) == ["谢谢惠", "顾，欢迎"]
    assert wrap("应付款￥8.50", 8) == ["应付款", "￥8.50"]


@pytest.mark.parametrize(
    ("text", "glyphs", "drawn"),
    [
        ("¥5\u00a0\t·×“…”", GlyphSet.GBK, "￥5  ·×“…”"),
        ("赵喆", GlyphSet.GBK, "赵喆"),
        ("赵喆", GlyphSet.GB2312, f"赵{GETA}"),
        ("龚㛃", GlyphSet.GBK, f"龚{GETA}"),
        ("龚㛃", GlyphSet.GB18030, "龚㛃"),
        ("谢谢😀", GlyphSet.GB18030, f"谢谢{GETA}"),
        ("a\u200db\ufe0f\x07c\ud800\ue000", GlyphSet.GBK, f"abc{GETA}{GETA}"),
        ("一\n二\r\n三", GlyphSet.GBK, "一 二 三"),
    ],
)
def test_what_the_printer_cannot_draw_is_replaced_or_left_out(text: str, glyphs: GlyphSet, drawn: str) -> None:
    assert printable(text, glyphs) == drawn


def test_ambiguous_signs_take_two_columns_as_they_do_on_paper() -> None:
    (line,) = lay_out(Receipt(blocks=(Row(left="可乐·330ml×2", right="6.00"),)), columns=32)
    assert isinstance(line, Line)
    assert len(line.text.encode("gb18030")) == 32


def test_newlines_of_a_paragraph_are_kept() -> None:
    laid = lay_out(Receipt(blocks=(Text(text="一\n\n二"),)), columns=32)
    assert text_lines(laid) == ("一", "", "二")


def test_the_sample_receipt_reads_well_on_58_mm() -> None:
    assert text_lines(lay_out(sale(), columns=32)) == (
        "阳光便利店",
        "小票号: S01-T1-417",
        "收银员: 王芳  会员: 赵*喆",
        "--------------------------------",
        "农夫山泉550ml           2   4.00",
        "合计    ￥12.5：",
        "储值余额              ￥1,234.56",
        "*** 离线·未确认 ***",
        "扫码查看余额",
        "谢谢惠顾，欢迎再来！",
    )
