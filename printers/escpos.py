"""A document as the bytes of one print job for one printer model. Pure: no port is touched here.

python-escpos does what it does well (initialise, native QR, images, cutter, drawer) into its capturing Dummy. Text
never goes through its `text()`: that picks a code page string by string and turns `￥12.5：` into `?`. We switch
Chinese mode on once (FS &) and send GB18030. See docs/adr/0010-receipt-bytes.md.
"""

from collections.abc import Iterable
from typing import Final, assert_never

from escpos.escpos import QR_ECLEVEL_M
from escpos.exceptions import Error as EscposError
from escpos.printer import Dummy
from PIL import Image

from printers.document import Align, Cut, Feed, Qr, Receipt, Size
from printers.errors import DocumentUnprintable
from printers.layout import LaidOut, Line, lay_out
from printers.profile import PrinterProfile
from printers.qr import QUIET_MODULES, QrSymbol, qr_module_dots, qr_symbol

_CHINESE_ON: Final = b"\x1c&"
_ALIGN: Final = {Align.LEFT: b"\x1ba\x00", Align.CENTER: b"\x1ba\x01", Align.RIGHT: b"\x1ba\x02"}
_BOLD: Final = {False: b"\x1bE\x00", True: b"\x1bE\x01"}
_SIZE: Final = {Size.NORMAL: b"\x1d!\x00", Size.TALL: b"\x1d!\x01", Size.LARGE: b"\x1d!\x11"}
_DRAWER_PIN: Final = 2
_FEED_MOST: Final = 255
_PAST_THE_BAR_LINES: Final = 6  # so that the last line can be torn off


def encode_job(document: Receipt, profile: PrinterProfile, *, kick_drawer: bool = False) -> bytes:
    """The drawer comes first: it opens while the paper still runs. Raises DocumentUnprintable."""
    laid = lay_out(document, columns=profile.columns, glyphs=profile.glyphs)
    return encode(laid, profile, kick_drawer=kick_drawer)


def encode(laid: Iterable[LaidOut], profile: PrinterProfile, *, kick_drawer: bool = False) -> bytes:
    job = _Job(profile)
    try:
        job.begin(kick_drawer=kick_drawer)
        for item in laid:
            job.add(item)
    except (EscposError, ValueError) as error:
        raise DocumentUnprintable(f"profile {profile.name}: {error}") from error
    return job.data()


class _Job:
    """Style is stated only when it changes: a receipt at 9600 baud takes a millisecond a byte."""

    def __init__(self, profile: PrinterProfile) -> None:
        self._profile = profile
        self._printer = Dummy(profile=profile.escpos_name)
        self._style = (Align.LEFT, False, Size.NORMAL)

    def data(self) -> bytes:
        output: bytes = self._printer.output
        return output

    def begin(self, *, kick_drawer: bool) -> None:
        self._printer.hw("INIT")
        if kick_drawer:
            self._printer.cashdraw(_DRAWER_PIN)
        self._raw(_CHINESE_ON)

    def add(self, item: LaidOut) -> None:
        match item:
            case Line():
                self._set_style(item.align, item.bold, item.size)
                self._raw(item.text.encode("gb18030") + b"\n")
            case Qr(data=data):
                self._qr(data)
            case Feed(lines=lines):
                self._printer.print_and_feed(min(max(lines, 1), _FEED_MOST))
            case Cut() if self._profile.cutter:
                self._printer.cut()  # feeds past the blade first
            case Cut():
                self._printer.print_and_feed(_PAST_THE_BAR_LINES)
            case _:
                assert_never(item)

    def _raw(self, data: bytes) -> None:
        self._printer._raw(data)  # the library's own door for bytes; it has no public one

    def _set_style(self, align: Align, bold: bool, size: Size) -> None:
        was_align, was_bold, was_size = self._style
        if align is not was_align:
            self._raw(_ALIGN[align])
        if bold is not was_bold:
            self._raw(_BOLD[bold])
        if size is not was_size:
            self._raw(_SIZE[size])
        self._style = (align, bold, size)

    def _qr(self, data: str) -> None:
        width_dots = self._profile.width_dots
        if self._profile.native_qr:
            module_dots = qr_module_dots(data, width_dots=width_dots)
            self._set_style(Align.CENTER, False, Size.NORMAL)
            self._printer.qr(data, ec=QR_ECLEVEL_M, size=module_dots, native=True)
            return
        symbol = qr_symbol(data, width_dots=width_dots)
        self._set_style(Align.CENTER, False, Size.NORMAL)
        kind = "bitImageRaster" if self._profile.raster_images else "bitImageColumn"
        self._printer.image(symbol_image(symbol), impl=kind)


def symbol_image(symbol: QrSymbol) -> Image.Image:
    """The symbol with its quiet zone, black on white, one pixel a dot."""
    side = len(symbol.rows) + 2 * QUIET_MODULES
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(symbol.rows):
        for x, black in enumerate(row):
            if black:
                image.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0)
    return image.resize((symbol.width_dots, symbol.width_dots), Image.Resampling.NEAREST)
