"""The bytes of a job, judged by the independent decoder and by hand-written bytes."""

import re
from dataclasses import replace

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from printers.decode import REPLACEMENT, PrintedImage, PrintedLine, decode
from printers.document import Cut, Feed, Qr, Receipt, Row, Size, Text
from printers.errors import DocumentUnprintable
from printers.escpos import encode_job
from printers.glyphs import columns_of
from printers.layout import lay_out, text_lines
from printers.profile import GENERIC_58, GENERIC_80, profile_by_name, profile_names
from printers.qr import qr_module_dots, qr_symbol
from tests.printers.sample_receipts import LINK, sale
from tests.printers.test_document import RECEIPTS


@settings(max_examples=60)
@given(RECEIPTS)
def test_what_is_printed_reads_as_it_was_laid_out(document: Receipt) -> None:
    for profile in (GENERIC_80, GENERIC_58):
        out = decode(encode_job(document, profile))
        assert out.lines == text_lines(lay_out(document, columns=profile.columns))
        assert out.unknown == b""


def test_a_whole_job_byte_by_byte() -> None:
    document = Receipt(blocks=(Text(text="￥12.5："), Row(left="合计", right="9", bold=True, size=Size.TALL), Cut()))
    assert (
        encode_job(document, GENERIC_80, kick_drawer=True)
        == (
            b"\x1b@"  # initialise
            b"\x1bp\x00\x32\x32"  # drawer, pin 2, 100 ms on, 100 ms off
            b"\x1c&"  # Chinese mode
            b"\xa3\xa412.5\xa3\xba\n"
            b"\x1bE\x01\x1d!\x01"  # bold, twice as high
            b"\xba\xcf\xbc\xc6" + b" " * 43 + b"9\n"
            b"\x1bd\x06\x1dV\x00"  # feed past the blade, cut
        )
    )


def test_bytes_without_chinese_mode_would_be_noticed() -> None:
    assert decode(b"\xa3\xa412.5\n").lines == (f"{REPLACEMENT}{REPLACEMENT}12.5",)


def test_no_drawer_opens_unless_asked() -> None:
    assert decode(encode_job(sale(), GENERIC_80)).drawer_kicks == 0
    assert decode(encode_job(sale(), GENERIC_80, kick_drawer=True)).drawer_kicks == 1


def test_a_native_qr_holds_the_link() -> None:
    assert decode(encode_job(sale(), GENERIC_80)).qr_payloads == (LINK,)


@pytest.mark.parametrize("name", ["generic-58", "TM-T88V", "POS-5890", "TM-U220"])
def test_an_image_qr_is_read_by_a_scanner(name: str) -> None:
    profile = profile_by_name(name)
    out = decode(encode_job(Receipt(blocks=(Qr(data=LINK),)), replace(profile, native_qr=False)))
    assert [code.text for code in zxingcpp.read_barcodes(_picture(out.images))] == [LINK]
    assert all(len(image.rows[0]) <= profile.width_dots for image in out.images)


def _picture(images: tuple[PrintedImage, ...]) -> Image.Image:
    rows = [row for image in images for row in image.rows]
    picture = Image.new("L", (len(rows[0]), len(rows)), 255)
    picture.putdata([0 if dot else 255 for row in rows for dot in row])
    return picture


def test_native_qr_is_several_times_smaller() -> None:
    native, image = (len(encode_job(sale(), profile)) for profile in (GENERIC_80, GENERIC_58))
    assert native * 4 < image


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_by_name_prints_the_whole_receipt(name: str) -> None:
    profile = profile_by_name(name)
    out = decode(encode_job(sale(), profile))
    assert out.lines == text_lines(lay_out(sale(), columns=profile.columns))
    assert all(
        columns_of(line.text) * line.width <= profile.columns for line in out.events if isinstance(line, PrintedLine)
    )
    assert bool(out.cuts) == profile.cutter


@settings(max_examples=20)
@given(st.text(min_size=1, max_size=400), st.sampled_from([GENERIC_58.width_dots, GENERIC_80.width_dots]))
def test_a_printer_that_draws_the_symbol_itself_is_told_its_size(data: str, width_dots: int) -> None:
    try:
        expected = qr_symbol(data, width_dots=width_dots).module_dots
    except DocumentUnprintable as error:
        with pytest.raises(DocumentUnprintable, match=re.escape(str(error))):
            qr_module_dots(data, width_dots=width_dots)
        return
    assert qr_module_dots(data, width_dots=width_dots) == expected


def test_a_qr_that_the_paper_cannot_hold_is_refused() -> None:
    with pytest.raises(DocumentUnprintable, match="QR data of 3000 characters"):
        encode_job(Receipt(blocks=(Qr(data="界" * 3000),)), GENERIC_80)
    with pytest.raises(DocumentUnprintable, match="wider paper"):
        encode_job(Receipt(blocks=(Qr(data="a" * 2000),)), GENERIC_58)


def test_a_feed_is_bounded_by_what_the_command_can_say() -> None:
    assert b"\x1bd\xff" in encode_job(Receipt(blocks=(Feed(lines=9000),)), GENERIC_80)
