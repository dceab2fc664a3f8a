"""The theme keeps text readable: contrast of every pair that the screens draw, in both palettes."""

import pytest

from terminal.theme import PALETTES, ThemeName, contrast, density_for

FILLS = ("redeem", "top_up", "refund", "danger", "neutral")


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("fill", [*FILLS, *(f"{fill}_pressed" for fill in FILLS)])
def test_text_on_a_coloured_key_is_readable(theme: ThemeName, fill: str) -> None:
    palette = PALETTES[theme]
    assert contrast(getattr(palette, fill), palette.on_accent) >= 4.5


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("accent", FILLS[:-1])
def test_coloured_text_is_readable_on_its_tint_and_on_surfaces(theme: ThemeName, accent: str) -> None:
    palette = PALETTES[theme]
    ink = getattr(palette, f"{accent}_ink")
    for ground in (getattr(palette, f"{accent}_tint"), palette.surface, palette.ground):
        assert contrast(ink, ground) >= 4.5, ground


@pytest.mark.parametrize("theme", list(ThemeName))
@pytest.mark.parametrize("ink", ["ink", "muted"])
@pytest.mark.parametrize("ground", ["ground", "surface", "sunken", "pressed"])
def test_plain_text_is_readable_on_every_ground(theme: ThemeName, ink: str, ground: str) -> None:
    palette = PALETTES[theme]
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize(
    ("size", "density"), [((1024, 600), 1.0), ((800, 480), 1.0), ((1280, 800), 1.25), ((1920, 1080), 1.5), ((3840, 2160), 1.5)]
)  # fmt: skip
def test_larger_displays_get_larger_targets_up_to_half_as_large_again(size: tuple[int, int], density: float) -> None:
    assert density_for(*size) == pytest.approx(density)
