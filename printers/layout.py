"""Documents set in lines of a given number of columns. Pure: no bytes, no dots, no device. The encoder and the
preview both start from what `lay_out` returns, so paper and screen break lines at the same places.

Laws (property-tested): no line is wider than the paper; the right part of a row survives whole, on one line
whenever it fits on one; nothing of a name is lost unless it needs more than NAME_LINES lines.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from printers.document import (
    Align,
    Block,
    Cell,
    Columns,
    Cut,
    Feed,
    Mark,
    Qr,
    Receipt,
    Row,
    Rule,
    RuleStyle,
    Size,
    Text,
    Title,
)
from printers.glyphs import GlyphSet, columns_of, printable

NAME_LINES: Final = 3  # a row's name wraps over so many lines, then loses its middle
_ELLIPSIS: Final = "…"
_NEVER_FIRST: Final = frozenset("，。、；：？！）】》”’…,.;:?!)]}%")
_NEVER_LAST: Final = frozenset("（【《“‘([{￥")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Printable text that fits the paper at its size; already padded where columns matter."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    size: Size = Size.NORMAL


LaidOut = Line | Qr | Feed | Cut


def lay_out(document: Receipt, *, columns: int, glyphs: GlyphSet = GlyphSet.GBK) -> tuple[LaidOut, ...]:
    setter = _Setter(columns=columns, glyphs=glyphs)
    return tuple(laid for block in document.blocks for laid in setter.block(block))


def text_lines(laid: Iterable[LaidOut]) -> tuple[str, ...]:
    """What a person reads, line by line, without trailing blanks: the words an auditor compares."""
    return tuple(item.text.rstrip() for item in laid if isinstance(item, Line))


@dataclass(frozen=True, slots=True)
class _Setter:
    columns: int
    glyphs: GlyphSet

    def block(self, block: Block) -> Iterator[LaidOut]:
        match block:
            case Title(text=text):
                yield from self._paragraph(text, Align.CENTER, True, Size.LARGE)
            case Text(text=text, align=align, bold=bold, size=size):
                yield from self._paragraph(text, align, bold, size)
            case Mark(text=text):
                yield from self._mark(text)
            case Row():
                yield from self._row(block)
            case Columns():
                yield from self._cells(block)
            case Rule(style=style):
                yield Line(text=("=" if style is RuleStyle.DOUBLE else "-") * self.columns)
            case Qr(caption=caption):
                yield block
                if caption:
                    yield from self._paragraph(caption, Align.CENTER, False, Size.NORMAL)
            case Feed() | Cut():
                yield block
            case _:
                assert_never(block)

    def _room(self, size: Size) -> int:
        return self.columns // 2 if size is Size.LARGE else self.columns

    def _paragraph(self, text: str, align: Align, bold: bool, size: Size) -> Iterator[Line]:
        for part in text.splitlines() or [""]:
            for line in wrap(printable(part, self.glyphs), self._room(size)):
                yield Line(text=line, align=align, bold=bold, size=size)

    def _mark(self, text: str) -> Iterator[Line]:
        room = self._room(Size.TALL) - 8
        for line in wrap(printable(text, self.glyphs), room):
            yield Line(text=f"*** {line} ***", align=Align.CENTER, bold=True, size=Size.TALL)

    def _row(self, row: Row) -> Iterator[Line]:
        left, right = printable(row.left, self.glyphs).rstrip(), printable(row.right, self.glyphs)
        for text in set_row(left, right, self._room(row.size)):
            yield Line(text=text, bold=row.bold, size=row.size)

    def _cells(self, block: Columns) -> Iterator[Line]:
        cells = [(cell, printable(cell.text, self.glyphs)) for cell in block.cells]
        widths = _share(block.cells, self.columns)
        tight = (
            room < 2 or (cell.align is Align.RIGHT and columns_of(text) > room)
            for (cell, text), room in zip(cells, widths, strict=True)
        )
        if any(tight):
            # A figure that does not fit its cell would be broken: the names go above, the figures stay whole.
            names = " ".join(text for cell, text in cells if cell.align is not Align.RIGHT)
            figures = "  ".join(text for cell, text in cells if cell.align is Align.RIGHT)
            for text in set_row(names, figures, self.columns):
                yield Line(text=text, bold=block.bold)
            return
        stacks = [wrap(text, room) for (_, text), room in zip(cells, widths, strict=True)]
        for at in range(max(map(len, stacks), default=0)):
            parts = [
                _pad(stack[at] if at < len(stack) else "", room, cell.align)
                for stack, room, cell in zip(stacks, widths, block.cells, strict=True)
            ]
            yield Line(text=" ".join(parts), bold=block.bold)


def set_row(left: str, right: str, room: int) -> list[str]:
    """A name and a value in lines of `room` columns; both printable. The value ends the last line."""
    if columns_of(right) > room:
        values = [_pad(part, room, Align.RIGHT) for part in _chop(right, room)]
        return [*_shorten(wrap(left, room), room), *values] if left else values
    beside = room - columns_of(right) - 1
    lines = _shorten(wrap(left, room), room)
    if len(lines) == 1 and columns_of(lines[0]) <= beside:
        return [lines[0] + " " * (room - columns_of(lines[0]) - columns_of(right)) + right]
    narrow = _shorten(wrap(left, beside), beside) if beside >= room // 2 else []
    if narrow and len(narrow) <= len(lines):
        lines = narrow
    last = lines[-1]
    if columns_of(last) <= beside:
        return [*lines[:-1], last + " " * (room - columns_of(last) - columns_of(right)) + right]
    return [*lines, _pad(right, room, Align.RIGHT)]


def wrap(text: str, room: int) -> list[str]:
    """Lines of at most `room` columns: between Chinese characters anywhere, in Latin text at blanks, never before a
    closing or after an opening sign when that can be helped. At least one line; no character but blanks at breaks
    is dropped."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, room):
        if columns_of(line) + columns_of(piece.rstrip(" ")) <= room:
            line += piece
            continue
        if line.strip(" "):
            lines.append(line.rstrip(" "))
        line = piece if not lines else piece.lstrip(" ")
    fitted = [_fit(part, room) for part in (*lines, line.rstrip(" "))]
    return [part for parts in fitted for part in parts]


def _fit(line: str, room: int) -> list[str]:
    return _chop(line, room) or [""]


def _pieces(text: str, room: int) -> Iterator[str]:
    """What must stay together: a Latin word with the blanks behind it, a Chinese character with the signs that
    cling to it."""
    piece = ""
    for char in text:
        joins = piece and (
            char == " "
            or char in _NEVER_FIRST
            or piece[-1] in _NEVER_LAST
            or (char.isascii() and piece[-1].isascii() and piece[-1] != " ")
        )
        if joins and columns_of(piece) + columns_of(char) <= room:
            piece += char
            continue
        if piece:
            yield piece
        piece = char
    if piece:
        yield piece


def _chop(text: str, room: int) -> list[str]:
    """Every character kept, broken where the room ends."""
    parts: list[str] = []
    part = ""
    for char in text:
        if columns_of(part) + columns_of(char) > room:
            parts.append(part)
            part = ""
        part += char
    return [*parts, part] if part else parts


def _shorten(lines: list[str], room: int) -> list[str]:
    """At most NAME_LINES lines: the middle goes, since names differ at their start and sizes stand at their end."""
    if len(lines) <= NAME_LINES:
        return lines
    first, last = lines[: NAME_LINES - 1], lines[-1] if columns_of(lines[-1]) * 2 > room else lines[-2] + lines[-1]
    tail = ""
    for char in reversed(last):
        if columns_of(_ELLIPSIS + char + tail) > room:
            break
        tail = char + tail
    return [*first, _ELLIPSIS + tail]


def _pad(text: str, room: int, align: Align) -> str:
    free = room - columns_of(text)
    match align:
        case Align.LEFT:
            return text + " " * free
        case Align.RIGHT:
            return " " * free + text
        case Align.CENTER:
            return " " * (free // 2) + text + " " * (free - free // 2)
        case _:
            assert_never(align)


def _share(cells: tuple[Cell, ...], columns: int) -> list[int]:
    """The columns of each cell, one blank between neighbours; the first cell gets what does not divide."""
    free = columns - (len(cells) - 1)
    total = sum(max(cell.weight, 1) for cell in cells)
    widths = [free * max(cell.weight, 1) // total for cell in cells]
    if widths:
        widths[0] += free - sum(widths)
    return widths
