"""What the programs ship from others is what the lock says, and the till's type has every character it can meet."""

import json
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no types

from scripts import subset_font, subset_icons, vendor

FONTS = Path(__file__).parent.parent.parent / "terminal" / "assets" / "fonts"
TYPEFACES = ["NotoSansSC-subset.otf", "NotoSansSC-Bold-subset.otf"]


def characters(name: str) -> set[int]:
    return set(TTFont(FONTS / name).getBestCmap())


def test_every_vendored_file_is_the_locks() -> None:
    assert vendor.differences(vendor.read_lock()) == []


def test_a_changed_vendored_file_is_found() -> None:
    packages = vendor.read_lock()
    packages[0].files[0].sha256 = "0" * 64
    assert vendor.differences(packages) == [f"{packages[0].files[0].target} is not the file of the lock"]


@pytest.mark.parametrize("name", TYPEFACES)
def test_the_typeface_knows_gb2312_names_and_the_signs_of_the_screens(name: str) -> None:
    known = characters(name)
    drawn = {code for code in subset_font.gb2312_characters() if not 0x0400 <= code < 0x0460}
    assert [hex(code) for code in drawn - known] == []
    assert [
        each for each in "喆堃祎珺翀玥彧赟旸婳芃￥¥€✓●○▲▼…—“”‘’·①壹贰叁肆伍陆柒捌玖拾佰仟" if ord(each) not in known
    ] == []


@pytest.mark.parametrize("name", TYPEFACES)
def test_digits_are_equally_wide(name: str) -> None:
    font = TTFont(FONTS / name)
    names = font.getBestCmap()
    assert len({font["hmtx"][names[ord(digit)]][0] for digit in "0123456789"}) == 1


def test_every_named_icon_is_in_the_icon_font() -> None:
    names = json.loads(subset_icons.TILL_NAMES.read_text("ascii"))
    assert set(names) == set(subset_icons.ICONS)
    assert {ord(character) for character in names.values()} <= characters("tabler-icons-subset.ttf")
