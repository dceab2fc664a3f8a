"""The right half of every screen that types: what the display, the quick keys and the confirm key say. Values only; drawn by the one keypad widget."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CONFIRM: Final = "confirm"


class Tone(StrEnum):
    """Colour by purpose; the names are those of the theme's palette."""

    REDEEM = "redeem"
    TOP_UP = "top_up"
    REFUND = "refund"
    DANGER = "danger"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickKey:
    """`key` is what the presenter's `press` gets."""

    key: str
    label: str
    chosen: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypadView:
    """`faint` says that nothing was typed yet. `below` stands under the display (大写, a hint), `aside` at its upper right (change due).
    `large`: an amount; numbers and PINs are smaller."""

    caption: str
    display: str
    faint: bool
    below: str = ""
    aside: str = ""
    quick: tuple[QuickKey, ...] = ()
    confirm: str
    confirm_amount: str = ""
    confirm_enabled: bool
    tone: Tone
    point_key: bool = True
    large: bool = True


NO_PAD: Final = KeypadView(caption="", display="", faint=True, confirm="", confirm_enabled=False, tone=Tone.NEUTRAL)
