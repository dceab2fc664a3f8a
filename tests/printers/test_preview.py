"""The picture: its size, its code, and that what cannot be drawn is not silently empty."""

import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from printers.document import Receipt, Row, Text
from printers.preview import preview_image, preview_png
from printers.profile import GENERIC_58, GENERIC_80, PrinterProfile
from tests.printers.sample_receipts import LINK, sale

FONT = Path(__file__).parents[2] / "terminal" / "assets" / "fonts" / "NotoSansSC-subset.otf"


@pytest.mark.parametrize(("profile", "width"), [(GENERIC_80, 640), (GENERIC_58, 464)], ids=["80mm", "58mm"])
def test_the_picture_is_as_wide_as_the_paper_and_its_code_can_be_scanned(profile: PrinterProfile, width: int) -> None:
    image = Image.open(io.BytesIO(preview_png(sale(), profile, font_path=FONT)))
    assert image.width == width
    assert image.height > width
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [LINK]


def test_amounts_end_at_the_right_margin_on_both_papers() -> None:
    for profile in (GENERIC_80, GENERIC_58):
        plain = preview_image(Receipt(blocks=(Row(left="", right="8"),)), profile, font_path=FONT).convert("L")
        ink = plain.crop((0, 20, plain.width, plain.height - 20)).point(lambda level: 255 if level < 100 else 0)
        box = ink.getbbox()
        assert box is not None
        margin = (plain.width - profile.width_dots) // 2
        assert plain.width - margin - 12 <= box[0] < box[2] <= plain.width - margin


def test_every_character_leaves_ink() -> None:
    blank = preview_image(Receipt(blocks=(Text(text="　"),)), GENERIC_80, font_path=FONT)
    for char in "充值￥W:·×":
        drawn = preview_image(Receipt(blocks=(Text(text=char),)), GENERIC_80, font_path=FONT)
        assert drawn.size == blank.size
        assert drawn.tobytes() != blank.tobytes()
