"""Fonts, icons and colours for the window: turns the theme's values into what Kivy draws with. Owns the registration of fonts; called once by the window."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kivy.core.text import LabelBase
from kivy.utils import get_color_from_hex

from terminal.theme import PALETTES, ThemeName

ASSETS: Final = Path(__file__).parent.parent / "assets"
TEXT_FONT: Final = "Roboto"  # Kivy's default name: registering it reaches every widget, text inputs included
ICON_FONT: Final = "Icons"

_icons: dict[str, str] = {}


def register_fonts() -> None:
    fonts = ASSETS / "fonts"
    LabelBase.register(
        TEXT_FONT, str(fonts / "NotoSansSC-subset.otf"), fn_bold=str(fonts / "NotoSansSC-Bold-subset.otf")
    )
    LabelBase.register(ICON_FONT, str(fonts / "tabler-icons-subset.ttf"))
    _icons.update(json.loads((ASSETS / "icons.json").read_text("utf-8")))


def icon_text(name: str) -> str:
    """The character of an icon; a name that the font lacks is a bug and raises KeyError."""
    return _icons[name] if name else ""


def colours(theme: ThemeName) -> Mapping[str, list[float]]:
    return {name: list(get_color_from_hex(value)) for name, value in PALETTES[theme].items()} | {"none": [0, 0, 0, 0]}
