"""QR symbols for receipts: one choice of version, error correction and module size for native codes, images and
preview. Pure.
"""

from dataclasses import dataclass
from typing import Final

import segno

from printers.errors import DocumentUnprintable

QUIET_MODULES: Final = 4  # the standard's quiet zone; side margins of the paper do not count on every printer
_LARGEST_MODULE_DOTS: Final = 8
_SMALLEST_MODULE_DOTS: Final = 3  # 0.375 mm at 203 dpi; phones give up below


@dataclass(frozen=True, slots=True, kw_only=True)
class QrSymbol:
    rows: tuple[bytes, ...]  # one byte a module: 1 is black
    module_dots: int

    @property
    def width_dots(self) -> int:
        return (len(self.rows) + 2 * QUIET_MODULES) * self.module_dots


def qr_symbol(data: str, *, width_dots: int) -> QrSymbol:
    """The symbol as large as half of the paper allows. Raises DocumentUnprintable when it cannot be read off this
    paper."""
    rows = _rows(data)
    return QrSymbol(rows=rows, module_dots=_module_dots(data, len(rows), width_dots))


def qr_module_dots(data: str, *, width_dots: int) -> int:
    """The same symbol's `module_dots`, for a printer that draws it itself: the search for the mask that scans best is
    the printer's. Raises as `qr_symbol`."""
    return _module_dots(data, len(_rows(data, mask=0)), width_dots)


def _rows(data: str, *, mask: int | None = None) -> tuple[bytes, ...]:
    """`mask` None: the best of the eight, which takes most of a receipt's time."""
    try:
        code = segno.make_qr(data, error="m", boost_error=False, mask=mask)
    except (ValueError, segno.DataOverflowError) as error:
        raise DocumentUnprintable(f"QR data of {len(data)} characters: {error}") from error
    return tuple(bytes(row) for row in code.matrix)


def _module_dots(data: str, side: int, width_dots: int) -> int:
    modules = side + 2 * QUIET_MODULES
    widest = width_dots // modules
    if widest < _SMALLEST_MODULE_DOTS:
        raise DocumentUnprintable(f"QR data of {len(data)} characters needs a wider paper than {width_dots} dots")
    comfortable = max(width_dots // 2 // modules, _SMALLEST_MODULE_DOTS)
    return min(comfortable, widest, _LARGEST_MODULE_DOTS)
