"""Where one scanned code ends and the next begins: pure, for serial bytes and for the keystrokes of a keyboard wedge.

Codes are printable ASCII; blanks belong to them (base45 has one), only CR and LF end them. What is not a code is
reported, never guessed at. Called by `terminal.devices.scanner` and by the window's keyboard binding.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

CODE_CHARS_MAX: Final = 512
"""Longer than any code of this product (a pay code has 291 characters)."""
WEDGE_GAP_S: Final = 0.05
"""A wedge scanner types a character every few milliseconds; nobody types twenty a second for a whole code."""
WEDGE_CHARS_MIN: Final = 6

_PRINTABLE: Final = frozenset(range(0x20, 0x7F))
_ENDS: Final = frozenset(b"\r\n")


class Rejection(StrEnum):
    NOISE = "noise"  # bytes that no code has: wrong baud rate, a bad plug
    TOO_LONG = "too_long"
    UNFINISHED = "unfinished"  # the line fell silent before the end of the code


@dataclass(frozen=True, slots=True)
class Scanned:
    text: str


@dataclass(frozen=True, slots=True)
class Rejected:
    why: Rejection


Frame = Scanned | Rejected


@dataclass(slots=True)
class SerialFraming:
    """Feed it what the port gave, in pieces of any size; the pieces do not change what comes out."""

    chars_max: int = CODE_CHARS_MAX
    _code: bytearray = field(default_factory=bytearray)
    _wrong: Rejection | None = None

    def feed(self, data: bytes) -> tuple[Frame, ...]:
        frames: list[Frame] = []
        for byte in data:
            if byte in _ENDS:
                frames.extend(self._end())
            elif self._wrong is not None:
                continue
            elif byte not in _PRINTABLE:
                self._wrong = Rejection.NOISE
            elif len(self._code) == self.chars_max:
                self._wrong = Rejection.TOO_LONG
            else:
                self._code.append(byte)
        return tuple(frames)

    def silence(self) -> tuple[Frame, ...]:
        """The line has been quiet for longer than a pause inside a code: what has begun will not be finished."""
        if self._wrong is None and self._code:
            self._wrong = Rejection.UNFINISHED
        return self._end()

    def _end(self) -> tuple[Frame, ...]:
        code, wrong = self._code.decode("ascii"), self._wrong
        self._code.clear()
        self._wrong = None
        if wrong is not None:
            return (Rejected(wrong),)
        return (Scanned(code),) if code.strip(" ") else ()


@dataclass(slots=True)
class WedgeFraming:
    """Tells a scanner that types from a person who types, by speed alone. Times are monotonic seconds."""

    gap_s: float = WEDGE_GAP_S
    chars_min: int = WEDGE_CHARS_MIN
    chars_max: int = CODE_CHARS_MAX
    _code: str = ""
    _last_s: float = float("-inf")

    def typed(self, text: str, at_s: float) -> None:
        if at_s - self._last_s > self.gap_s:
            self._code = ""
        self._last_s = at_s
        self._code = (self._code + text)[: self.chars_max + 1]

    def entered(self, at_s: float) -> Frame | None:
        """Enter was pressed: the code, why it is none, or None when a person typed."""
        code, quick = self._code, at_s - self._last_s <= self.gap_s
        self._code = ""
        if not quick or len(code) < self.chars_min:
            return None
        if len(code) > self.chars_max:
            return Rejected(Rejection.TOO_LONG)
        if not all(ord(char) in _PRINTABLE for char in code):
            return Rejected(Rejection.NOISE)
        return Scanned(code)
