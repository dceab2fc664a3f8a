"""Keys from a keyboard, or from a scanner that types: tells them apart by speed and hands on codes, keypad keys, confirm and back. Pure but for the given timer.

A person's digits wait for one pause of the wedge before they count, so that a scanned code never ends up in an amount.
"""

from collections.abc import Callable
from typing import Final

from terminal.devices.framing import WEDGE_CHARS_MIN, WEDGE_GAP_S, Scanned, WedgeFraming
from terminal.screens.amounts import BACK
from terminal.screens.keypad_view import CONFIRM
from terminal.screens.presenter import Timer

_PAUSE_S: Final = WEDGE_GAP_S * 1.2


class Keystrokes:
    def __init__(self, timer: Timer, scanned: Callable[[str], None], press: Callable[[str], None]) -> None:
        self._timer = timer
        self._scanned = scanned
        self._press = press
        self._framing = WedgeFraming()
        self._waiting = ""
        self._cancel: Callable[[], None] = lambda: None

    def text(self, text: str, at_s: float, *, to_field: bool) -> None:
        """`to_field`: a text field has the focus and takes what a person types; only codes are looked for."""
        self._framing.typed(text, at_s)
        self._waiting = "" if to_field else self._waiting + text
        self._cancel()
        if self._waiting:
            self._cancel = self._timer(_PAUSE_S, self._type)

    def enter(self, at_s: float, *, to_field: bool) -> None:
        frame = self._framing.entered(at_s)
        if frame is None and not to_field:
            self._type()
            self._press(CONFIRM)
        self._cancel()
        self._waiting = ""
        if isinstance(frame, Scanned):
            self._scanned(frame.text)

    def backspace(self) -> None:
        self._type()
        self._press(BACK)

    def _type(self) -> None:
        typed, self._waiting = self._waiting, ""
        if len(typed) < WEDGE_CHARS_MIN:
            for char in typed:
                if char in "0123456789.":
                    self._press(char)
