"""The till's one theme: colours by purpose, spacing, radii, type sizes, for light and dark. Values only; no Kivy.

Read by the window's `Look`, by every layout file (`#:import theme terminal.theme`) and by tests that hold the contrasts.
Sizes are in dp; the window multiplies them for larger displays.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class ThemeName(StrEnum):
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """By purpose: the plain name fills, `_pressed` is its touched state, `_ink` is text in that colour on a surface or on its `_tint`. `on_accent` is text upon a fill."""

    ground: str
    surface: str
    sunken: str
    pressed: str
    line: str
    ink: str
    muted: str
    faint: str
    redeem: str
    redeem_pressed: str
    redeem_tint: str
    redeem_ink: str
    top_up: str
    top_up_pressed: str
    top_up_tint: str
    top_up_ink: str
    refund: str
    refund_pressed: str
    refund_tint: str
    refund_ink: str
    danger: str
    danger_pressed: str
    danger_tint: str
    danger_ink: str
    neutral: str
    neutral_pressed: str
    neutral_ink: str
    on_accent: str
    success: str
    on_success: str
    shadow: str

    def items(self) -> Iterator[tuple[str, str]]:
        return ((field.name, getattr(self, field.name)) for field in fields(self))


LIGHT: Final = Palette(
    ground="#F5F6F8",
    surface="#FFFFFF",
    sunken="#EEF0F3",
    pressed="#E4E7EC",
    line="#E4E7EC",
    ink="#101828",
    muted="#5B6577",
    faint="#98A2B3",
    redeem="#0E7A5F",
    redeem_pressed="#0A5C47",
    redeem_tint="#E3F3EE",
    redeem_ink="#0E7A5F",
    top_up="#1F5EFF",
    top_up_pressed="#1748C7",
    top_up_tint="#E8EEFF",
    top_up_ink="#174FD6",
    refund="#B45309",
    refund_pressed="#8A3F06",
    refund_tint="#FDF0DC",
    refund_ink="#A84C06",
    danger="#B42318",
    danger_pressed="#8A1A11",
    danger_tint="#FDEBE9",
    danger_ink="#B42318",
    neutral="#344054",
    neutral_pressed="#1D2939",
    neutral_ink="#101828",
    on_accent="#FFFFFF",
    success="#0E7A5F",
    on_success="#FFFFFF",
    shadow="#10182814",
)

DARK: Final = Palette(
    ground="#0F1217",
    surface="#181D25",
    sunken="#222933",
    pressed="#2F3743",
    line="#2A313C",
    ink="#F2F4F7",
    muted="#98A2B3",
    faint="#667085",
    redeem="#11805F",
    redeem_pressed="#0C6249",
    redeem_tint="#12322A",
    redeem_ink="#4FD1A8",
    top_up="#2F67F5",
    top_up_pressed="#2450C4",
    top_up_tint="#1A2747",
    top_up_ink="#8FB0FF",
    refund="#B45F0B",
    refund_pressed="#8C4906",
    refund_tint="#3A2A14",
    refund_ink="#F5B15C",
    danger="#C4372A",
    danger_pressed="#98281E",
    danger_tint="#3E1D1A",
    danger_ink="#FF9A90",
    neutral="#475467",
    neutral_pressed="#344054",
    neutral_ink="#F2F4F7",
    on_accent="#FFFFFF",
    success="#0B6650",
    on_success="#FFFFFF",
    shadow="#00000040",
)

PALETTES: Final = {ThemeName.LIGHT: LIGHT, ThemeName.DARK: DARK}

SPACE_4: Final = 4
SPACE_8: Final = 8
SPACE_12: Final = 12
SPACE_16: Final = 16
SPACE_24: Final = 24
SPACE_32: Final = 32

RADIUS_CONTROL: Final = 8
RADIUS_CARD: Final = 12
RADIUS_SHEET: Final = 16

CAPTION: Final = 14
BODY: Final = 16
LABEL: Final = 20
HEADING: Final = 28
AMOUNT: Final = 40
TYPED: Final = 64

STRIP_HEIGHT: Final = 48
TARGET: Final = 48
BUTTON: Final = 56
KEY: Final = 72

REFERENCE_WIDTH: Final = 1024
REFERENCE_HEIGHT: Final = 600
DENSITY_MAX: Final = 1.5


def density_for(width: int, height: int) -> float:
    """How many pixels a dp takes on a display: larger panels show larger targets, up to half as large again, then more room."""
    return min(DENSITY_MAX, max(1.0, min(width / REFERENCE_WIDTH, height / REFERENCE_HEIGHT)))


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two opaque colours as WCAG 2.2 defines it: 1 to 21."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
