"""What one model of receipt printer can do. Resolved by name from the till's configuration; everything that differs
between printers is a field here, so no other module asks for a model. Built on python-escpos' profile database, of
which only the fields that proved right are taken (it lists 12 columns for one 80 mm model).
"""

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from printers.capabilities import CAPABILITIES
from printers.errors import PrinterConfigurationError
from printers.glyphs import GlyphSet

DOTS_PER_COLUMN: Final = 12  # font A, and half of a 24-dot Chinese character
_PLAUSIBLE_COLUMNS: Final = range(24, 73)


class StatusSupport(StrEnum):
    """How a printer can be asked whether it really printed."""

    NONE = "none"  # one-way: what was sent stays unconfirmed
    REALTIME = "realtime"  # DLE EOT: alive, has paper, at this moment
    IN_ORDER = "in_order"  # GS r as well: answered after everything sent before it has been printed


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterProfile:
    name: str
    escpos_name: str  # the profile python-escpos works with
    width_dots: int
    columns: int  # of font A; a Chinese character takes two
    native_qr: bool  # the printer draws QR codes itself (GS ( k): an eighth of the bytes
    raster_images: bool  # GS v 0; else ESC *
    cutter: bool
    glyphs: GlyphSet
    status: StatusSupport


# Most printers sold in the PRC are one of these two, whatever the label says.
GENERIC_80: Final = PrinterProfile(
    name="generic-80",
    escpos_name="NT-80-V-UL",
    width_dots=576,
    columns=48,
    native_qr=True,
    raster_images=True,
    cutter=True,
    glyphs=GlyphSet.GBK,
    status=StatusSupport.REALTIME,
)
GENERIC_58: Final = PrinterProfile(
    name="generic-58",
    escpos_name="POS-5890",
    width_dots=384,
    columns=32,
    native_qr=False,
    raster_images=True,
    cutter=False,
    glyphs=GlyphSet.GBK,
    status=StatusSupport.REALTIME,
)
_OWN: Final = {profile.name: profile for profile in (GENERIC_80, GENERIC_58)}
# The library's list has customer displays among the printers: twenty columns and no paper.
_RECEIPT_PRINTERS: Final = {
    name: data for name, data in CAPABILITIES["profiles"].items() if "Customer Display" not in data["name"]
}


def profile_names() -> tuple[str, ...]:
    """Every name that `profile_by_name` takes, our own first."""
    return (*_OWN, *sorted(_RECEIPT_PRINTERS))


def profile_by_name(name: str) -> PrinterProfile:
    """Raises PrinterConfigurationError with the nearest names that exist."""
    if name in _OWN:
        return _OWN[name]
    known = _RECEIPT_PRINTERS.get(name)
    if known is None:
        near = difflib.get_close_matches(name, profile_names(), n=3, cutoff=0.4) or [GENERIC_80.name, GENERIC_58.name]
        raise PrinterConfigurationError(f"no printer profile {name!r}; write one of: {', '.join(near)}")
    features = known["features"]
    width = known["media"].get("width", {}).get("pixels")
    listed = int(known["fonts"]["0"]["columns"])
    width_dots = width if isinstance(width, int) and width >= _PLAUSIBLE_COLUMNS[0] * DOTS_PER_COLUMN else None
    columns = listed if listed in _PLAUSIBLE_COLUMNS else (width_dots or GENERIC_80.width_dots) // DOTS_PER_COLUMN
    epson = known["vendor"] == "Epson"
    return PrinterProfile(
        name=name,
        escpos_name=name if width_dots else GENERIC_80.escpos_name,  # without a width the library prints a complaint
        width_dots=width_dots or columns * DOTS_PER_COLUMN,
        columns=columns,
        native_qr=bool(features.get("qrCode")),
        raster_images=bool(features.get("bitImageRaster")),
        cutter=bool(features.get("paperFullCut") or features.get("paperPartCut")),
        glyphs=GlyphSet.GBK,
        status=StatusSupport.IN_ORDER if epson else StatusSupport.REALTIME,
    )
