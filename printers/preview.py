"""A picture of a receipt document, as the paper will look: the same layout, dots and QR size as the printer's, so that what
the cashier sees on the result screen is what comes out. Pure but for reading the font file, whose path is given.
"""

import io
import math
from pathlib import Path
from typing import Final, assert_never

from PIL import Image, ImageDraw, ImageFont

from printers.document import Align, Cut, Feed, Qr, Receipt, Size
from printers.escpos import symbol_image
from printers.layout import Line, lay_out
from printers.profile import DOTS_PER_COLUMN, PrinterProfile
from printers.qr import qr_symbol

_PAPER: Final = (252, 251, 248)
_INK: Final = (34, 34, 38)
_GROUND: Final = (226, 229, 234)
_LINE_DOTS: Final = 32  # 24 dots of character and the printers' usual leading
_CHINESE_DOTS: Final = 24
_LATIN_DOTS: Final = 21  # fits its advance into one column
_TOP_DOTS: Final = 40
_EDGE_DOTS: Final = 8  # the teeth of the tear bar
_SCALE: Final = {Size.NORMAL: (1, 1), Size.TALL: (1, 2), Size.LARGE: (2, 2)}


def preview_png(document: Receipt, profile: PrinterProfile, *, font_path: Path) -> bytes:
    """PNG in printer dots (8 a millimetre): 80 mm paper is 640 wide. The font must hold Chinese."""
    image = preview_image(document, profile, font_path=font_path)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def preview_image(document: Receipt, profile: PrinterProfile, *, font_path: Path) -> Image.Image:
    strip = _Strip(profile, font_path)
    for item in lay_out(document, columns=profile.columns, glyphs=profile.glyphs):
        match item:
            case Line():
                strip.line(item)
            case Qr(data=data):
                strip.picture(symbol_image(qr_symbol(data, width_dots=profile.width_dots)))
            case Feed(lines=lines):
                strip.feed(lines * _LINE_DOTS)
            case Cut():
                strip.feed(_LINE_DOTS)
            case _:
                assert_never(item)
    return strip.as_paper()


class _Strip:
    """The printable width, growing downward."""

    def __init__(self, profile: PrinterProfile, font_path: Path) -> None:
        self._width = profile.width_dots
        self._side = 32 if profile.width_dots > 480 else 40  # the unprintable margins of 80 mm and 58 mm paper
        self._font_path = font_path
        self._fonts: dict[int, ImageFont.FreeTypeFont] = {}
        self._parts: list[Image.Image] = []

    def line(self, line: Line) -> None:
        wide, high = _SCALE[line.size]
        part = Image.new("L", (self._width, _LINE_DOTS * high), 255)
        pen = ImageDraw.Draw(part)
        cells = [(char, (1 if char.isascii() else 2) * DOTS_PER_COLUMN * wide) for char in line.text]
        free = self._width - sum(width for _, width in cells)
        x = {Align.LEFT: 0, Align.CENTER: free // 2, Align.RIGHT: free}[line.align]
        for char, width in cells:
            if char != " ":
                self._character(part, pen, char, (x, width), (wide, high), bold=line.bold)
            x += width
        self._parts.append(part)

    def _character(
        self,
        part: Image.Image,
        pen: ImageDraw.ImageDraw,
        char: str,
        place: tuple[int, int],
        scale: tuple[int, int],
        *,
        bold: bool,
    ) -> None:
        x, width = place
        wide, high = scale
        font = self._font((_LATIN_DOTS if char.isascii() else _CHINESE_DOTS) * wide)
        baseline = (_LINE_DOTS - 8) * wide
        stroke = 0.6 * wide if bold else 0
        natural = max(width, math.ceil(font.getlength(char)))
        if wide == high and natural == width:
            pen.text((x + width / 2, baseline), char, fill=0, font=font, anchor="ms", stroke_width=stroke)
            return
        # Letters wider than their column are condensed, as in the printer's own font; twice as high only is stretched.
        height = _LINE_DOTS * wide
        cell = Image.new("L", (natural + 4, height), 255)
        middle = ((natural + 4) / 2, baseline)
        ImageDraw.Draw(cell).text(middle, char, fill=0, font=font, anchor="ms", stroke_width=stroke)
        part.paste(cell.resize((width, _LINE_DOTS * high)), (x, 0))

    def picture(self, image: Image.Image) -> None:
        part = Image.new("L", (self._width, image.height), 255)
        part.paste(image, ((self._width - image.width) // 2, 0))
        self._parts.append(part)

    def feed(self, dots: int) -> None:
        self._parts.append(Image.new("L", (self._width, dots), 255))

    def as_paper(self) -> Image.Image:
        """With margins, paper's colour, and the toothed edge of the tear bar at both ends."""
        height = sum(part.height for part in self._parts) + 2 * _TOP_DOTS
        ink = Image.new("L", (self._width + 2 * self._side, height), 255)
        y = _TOP_DOTS
        for part in self._parts:
            ink.paste(part, (self._side, y))
            y += part.height
        paper = Image.composite(Image.new("RGB", ink.size, _PAPER), Image.new("RGB", ink.size, _INK), ink)
        teeth = ImageDraw.Draw(paper)
        for x in range(0, paper.width, 2 * _EDGE_DOTS):
            tip = x + _EDGE_DOTS
            teeth.polygon([(x, 0), (x + 2 * _EDGE_DOTS, 0), (tip, _EDGE_DOTS)], fill=_GROUND)
            teeth.polygon([(x, height), (x + 2 * _EDGE_DOTS, height), (tip, height - _EDGE_DOTS)], fill=_GROUND)
        return paper

    def _font(self, size: int) -> ImageFont.FreeTypeFont:
        if size not in self._fonts:
            self._fonts[size] = ImageFont.truetype(str(self._font_path), size)
        return self._fonts[size]
