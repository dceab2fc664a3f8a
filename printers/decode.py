"""What a printer would have done with the bytes it got: the inverse of the encoder, for simulated printers,
auditors and tests. Written from the ESC/POS command reference alone; it imports nothing from this package, so that
a mistake in the encoder shows here and is not mirrored. Tolerant: bytes it does not know are kept as `Unknown` and
reading goes on.

Text follows the printer's rules: GB18030 only while Chinese mode is on (FS &); high bytes outside it are code-page
characters that no Chinese reader can use and come out as U+FFFD.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

REPLACEMENT: Final = "\ufffd"
_ASCII: Final = re.compile(rb"[\x20-\x7f]+")
_CHINESE: Final = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe])+")
"""Whole characters of two bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One line of paper. `justify` is 0 left, 1 centre, 2 right; `width` and `height` are the character's scale."""

    text: str
    justify: int = 0
    bold: bool = False
    width: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedQr:
    payload: bytes

    @property
    def text(self) -> str:
        return self.payload.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedImage:
    """Dots by rows: one byte a dot, 1 is black."""

    rows: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerKick:
    pin: int
    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCut:
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAsked:
    """A status request. `in_order` ones are answered only when the printer gets there, the others at once."""

    command: bytes
    in_order: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    data: bytes


Event = PrintedLine | PrintedQr | PrintedImage | DrawerKick | PaperCut | Fed | StatusAsked | Reset | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterOutput:
    """What came out of the printer, in order."""

    events: tuple[Event, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(event.text for event in self.events if isinstance(event, PrintedLine))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def qr_payloads(self) -> tuple[str, ...]:
        return tuple(event.text for event in self.events if isinstance(event, PrintedQr))

    @property
    def images(self) -> tuple[PrintedImage, ...]:
        return tuple(event for event in self.events if isinstance(event, PrintedImage))

    @property
    def drawer_kicks(self) -> int:
        return sum(isinstance(event, DrawerKick) for event in self.events)

    @property
    def cuts(self) -> int:
        return sum(isinstance(event, PaperCut) for event in self.events)

    @property
    def unknown(self) -> bytes:
        return b"".join(event.data for event in self.events if isinstance(event, Unknown))


def decode(data: bytes) -> PrinterOutput:
    """Everything in `data`; an unfinished line or command at the end is kept as a line, or as Unknown."""
    parser = EscPosParser()
    return PrinterOutput(events=(*parser.feed(data), *parser.finish()))


def split_jobs(output: PrinterOutput) -> tuple[PrinterOutput, ...]:
    """One output a print job. Every job begins by resetting the printer (ESC @); what came before the first reset
    makes a job of its own when there is anything."""
    jobs: list[list[Event]] = [[]]
    for event in output.events:
        if isinstance(event, Reset):
            jobs.append([])
        elif not isinstance(event, StatusAsked):
            jobs[-1].append(event)
    return tuple(PrinterOutput(events=tuple(job)) for job in jobs if job)


class _Incomplete(Exception):  # not an error: the rest of the command has not arrived yet
    pass


class EscPosParser:
    """The printer's command interpreter, fed as bytes arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._reset_modes()
        self._qr_stored = b""

    def _reset_modes(self) -> None:
        self._chinese = False
        self._justify = 0
        self._bold = False
        self._width, self._height = 1, 1
        self._line: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        self._buffer += data
        events: list[Event] = []
        whole, at = bytes(self._buffer), 0
        pending = memoryview(whole)
        while at < len(whole):
            plain = self._plain(whole, at)
            if plain:
                at += plain
                continue
            try:
                used, found = self._one(pending[at:])
            except _Incomplete:
                break
            at += used
            events += found
        del self._buffer[:at]
        return events

    def _plain(self, data: bytes, at: int) -> int:
        """How many bytes from there are text without any doubt, which most are: taken at once."""
        run = _ASCII.match(data, at) or (_CHINESE.match(data, at) if self._chinese else None)
        if run is None:
            return 0
        try:
            self._line.append(run.group().decode("gb18030"))
        except UnicodeDecodeError:
            return 0
        return len(run.group())

    def finish(self) -> list[Event]:
        """What is left when no more bytes come: an unprinted line, an unfinished command."""
        events = self._end_line() if self._line else []
        if self._buffer:
            events.append(Unknown(data=bytes(self._buffer)))
            self._buffer.clear()
        return events

    def _end_line(self) -> list[Event]:
        text = "".join(self._line).rstrip(" ")
        self._line = []
        line = PrintedLine(text=text, justify=self._justify, bold=self._bold, width=self._width, height=self._height)
        return [line]

    def _one(self, data: memoryview) -> tuple[int, list[Event]]:
        first = data[0]
        if first == 0x0A:
            return 1, self._end_line()
        if first in (0x0D, 0x00):
            return 1, []
        if first == 0x10:
            return self._real_time(data)
        if first == 0x1B:
            return self._esc(data)
        if first == 0x1C:
            return self._fs(data)
        if first == 0x1D:
            return self._gs(data)
        if first < 0x20:
            return 1, [Unknown(data=bytes(data[:1]))]
        return self._character(data)

    def _character(self, data: memoryview) -> tuple[int, list[Event]]:
        if data[0] < 0x80:
            self._line.append(chr(data[0]))
            return 1, []
        if not self._chinese or data[0] in (0x80, 0xFF):
            self._line.append(REPLACEMENT)
            return 1, []
        size = 4 if 0x30 <= _at(data, 1) <= 0x39 else 2
        _at(data, size - 1)
        try:
            self._line.append(bytes(data[:size]).decode("gb18030"))
        except UnicodeDecodeError:
            self._line.append(REPLACEMENT)
            return 1, []
        return size, []

    def _real_time(self, data: memoryview) -> tuple[int, list[Event]]:
        if _at(data, 1) == 0x04:
            _at(data, 2)
            return 3, [StatusAsked(command=bytes(data[:3]), in_order=False)]
        return 2, [Unknown(data=bytes(data[:2]))]

    def _esc(self, data: memoryview) -> tuple[int, list[Event]]:
        command = _at(data, 1)
        match chr(command):
            case "@":
                lost = self._end_line() if self._line else []
                self._reset_modes()
                return 2, [*lost, Reset()]
            case "a":
                self._justify = _at(data, 2) & 0x03
                return 3, []
            case "E":
                self._bold = bool(_at(data, 2) & 1)
                return 3, []
            case "!":
                mode = _at(data, 2)
                self._bold = bool(mode & 0x08)
                self._height, self._width = 1 + bool(mode & 0x10), 1 + bool(mode & 0x20)
                return 3, []
            case "d":
                lines = _at(data, 2)
                return 3, [*(self._end_line() if self._line else []), Fed(lines=lines)]
            case "p":
                _at(data, 4)
                return 5, [DrawerKick(pin=5 if data[2] & 1 else 2, on_ms=data[3] * 2, off_ms=data[4] * 2)]
            case "*":
                return self._column_image(data)
            case _:
                size = _ESC_SIZES.get(command, 2)
                _at(data, size - 1)
                return size, [] if command in _ESC_SIZES else [Unknown(data=bytes(data[:2]))]

    def _fs(self, data: memoryview) -> tuple[int, list[Event]]:
        match chr(_at(data, 1)):
            case "&":
                self._chinese = True
                return 2, []
            case ".":
                self._chinese = False
                return 2, []
            case "!" | "-" | "W":
                _at(data, 2)
                return 3, []
            case "S":
                _at(data, 3)
                return 4, []
            case _:
                return 2, [Unknown(data=bytes(data[:2]))]

    def _gs(self, data: memoryview) -> tuple[int, list[Event]]:
        command = _at(data, 1)
        match chr(command):
            case "!":
                size = _at(data, 2)
                self._width, self._height = (size >> 4 & 7) + 1, (size & 7) + 1
                return 3, []
            case "V":
                mode = _at(data, 2)
                if mode in (65, 66):
                    _at(data, 3)
                    return 4, [PaperCut(partial=mode == 66)]
                return 3, [PaperCut(partial=mode in (1, 49))]
            case "r":
                _at(data, 2)
                return 3, [StatusAsked(command=bytes(data[:3]), in_order=True)]
            case "v":
                return self._raster_image(data)
            case "(":
                return self._gs_paren(data)
            case _:
                size = _GS_SIZES.get(command, 2)
                _at(data, size - 1)
                return size, [] if command in _GS_SIZES else [Unknown(data=bytes(data[:2]))]

    def _gs_paren(self, data: memoryview) -> tuple[int, list[Event]]:
        size = 5 + _at(data, 3) + _at(data, 4) * 256
        _at(data, size - 1)
        if data[2] != 0x6B or size < 7 or data[5] != 49:
            return size, [Unknown(data=bytes(data[:size]))]
        function = data[6]
        if function == 80:
            self._qr_stored = bytes(data[8:size])
        if function == 81:
            return size, [PrintedQr(payload=self._qr_stored)]
        return size, []

    def _raster_image(self, data: memoryview) -> tuple[int, list[Event]]:
        width_bytes = _at(data, 4) + _at(data, 5) * 256
        height = _at(data, 6) + _at(data, 7) * 256
        size = 8 + width_bytes * height
        if size > len(data):
            raise _Incomplete
        rows = tuple(_bits(data[8 + y * width_bytes : 8 + (y + 1) * width_bytes]) for y in range(height))
        return size, [PrintedImage(rows=rows)]

    def _column_image(self, data: memoryview) -> tuple[int, list[Event]]:
        tall = 3 if _at(data, 2) in (32, 33) else 1
        width = _at(data, 3) + _at(data, 4) * 256
        size = 5 + width * tall
        if size > len(data):
            raise _Incomplete
        columns = [_bits(data[5 + x * tall : 5 + (x + 1) * tall]) for x in range(width)]
        rows = tuple(bytes(column[y] for column in columns) for y in range(8 * tall))
        if bytes(data[size : size + 1]) == b"\n":
            size += 1
        return size, [PrintedImage(rows=rows)]


# Whole lengths of commands that only set what a reader does not see: spacing, fonts, code pages, motion units, margins.
_ESC_SIZES: Final = {
    ord(c): n
    for c, n in {
        "2": 2,
        "3": 3,
        " ": 3,
        "-": 3,
        "G": 3,
        "M": 3,
        "t": 3,
        "R": 3,
        "J": 3,
        "{": 3,
        "=": 3,
        "$": 4,
        "\\": 4,
        "V": 3,
        "r": 3,
        "S": 2,
        "L": 2,
        "T": 3,
    }.items()
}
_GS_SIZES: Final = {
    ord(c): n for c, n in {"B": 3, "L": 4, "W": 4, "P": 4, "H": 3, "h": 3, "w": 3, "f": 3, "a": 3, "b": 3}.items()
}


def _at(data: memoryview, index: int) -> int:
    if index >= len(data):
        raise _Incomplete
    return data[index]


def _bits(data: Iterable[int]) -> bytes:
    return bytes(byte >> shift & 1 for byte in data for shift in range(7, -1, -1))
