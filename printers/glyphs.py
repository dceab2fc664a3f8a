"""Which characters a receipt printer can draw, and how many columns each takes. Pure; used by layout and preview.

A Chinese ESC/POS printer draws a one-byte code one column wide and any longer GB18030 code two columns wide.
Unicode's East-Asian width is the wrong ruler: `·`, `×`, `“` and `…` are "ambiguous" there, yet they are two-byte
codes and take two columns on paper. So the width of a character is decided by its GB18030 bytes, the very ones that
will be sent.
"""

import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

GETA: Final = "〓"  # the printer's own sign for a missing glyph, present in every set below
_SAME_SIGN: Final = {"¥": "￥", "\u00a0": " ", "\t": " "}
_DRAWN_NOTHING: Final = frozenset({"Cc", "Cf", "Mn", "Me"})  # controls, joiners, combining marks: no cell of their own
_NEVER_IN_ROM: Final = frozenset({"Co", "Cn", "Cs"})  # private use, unassigned, lone surrogates


class GlyphSet(StrEnum):
    """What the printer's character ROM holds. The bytes sent are GB18030 in every case."""

    GB2312 = "gb2312"  # 6,763 characters: the oldest boards; 喆, 镕, 囍 come out as 〓
    GBK = "gbk"  # every two-byte code: what nearly all printers sold today hold
    GB18030 = "gb18030"  # four-byte ideographs too (䶮, 㛃): only when the maker says so; emoji are never there


def printable(text: str, glyphs: GlyphSet) -> str:
    """One line of text with only characters this printer draws; a newline becomes a space. Never raises."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", " ").replace("\n", " "))
    return "".join(_drawn(char, glyphs) for char in composed)


def columns_of(text: str) -> int:
    """Columns that printable text takes at normal size."""
    return len(text) if text.isascii() else 2 * len(text) - sum(map(str.isascii, text))


@lru_cache(maxsize=4096)
def _drawn(char: str, glyphs: GlyphSet) -> str:
    char = _SAME_SIGN.get(char, char)
    if char.isascii():
        return char if char.isprintable() else ""
    category = unicodedata.category(char)
    if category in _DRAWN_NOTHING:
        return ""
    if category in _NEVER_IN_ROM:
        return GETA
    code = char.encode("gb18030")
    if len(code) == 4:
        ideograph = unicodedata.east_asian_width(char) == "W" and category == "Lo"
        return char if glyphs is GlyphSet.GB18030 and ideograph else GETA
    if glyphs is GlyphSet.GB2312 and not (0xA1 <= code[0] <= 0xF7 and code[1] >= 0xA1):
        return GETA
    return char
