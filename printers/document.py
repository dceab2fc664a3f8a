"""The receipt as a document: what it says, not how many dots it takes. Immutable; stored as versioned JSON in the
print spool and printed later, perhaps after a restart or an update. Use-cases build documents; layout, bytes and
preview read them. The drawer kick is no part of a document: a reprint or a preview must never open a drawer.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar, get_type_hints

from printers.errors import DocumentUnprintable

DOCUMENT_VERSION: Final = 1

_Part = TypeVar("_Part")


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Size(StrEnum):
    NORMAL = "normal"
    TALL = "tall"  # twice as high, as wide: fits as many columns
    LARGE = "large"  # twice both ways: half the columns


class RuleStyle(StrEnum):
    DASHED = "dashed"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The shop's name at the top: large, bold, centred."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph; newlines are kept, long lines wrap."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    size: Size = Size.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A name at the left, a value at the right. The value is never broken; a long name wraps above it."""

    left: str
    right: str
    bold: bool = False
    size: Size = Size.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    weight: int = 1  # share of the paper's width
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Several cells side by side, as in a table of lines: name, quantity, amount."""

    cells: tuple[Cell, ...]
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    style: RuleStyle = RuleStyle.DASHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Qr:
    """A QR code, centred, with a line of text beneath it."""

    data: str
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A notice that must not be overlooked: 重打 REPRINT, 离线·未确认."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    lines: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    pass


Block = Title | Text | Row | Columns | Rule | Qr | Mark | Feed | Cut

# The names in stored documents; they are for ever.
_KINDS: Final[Mapping[str, type[Block]]] = {
    "title": Title,
    "text": Text,
    "row": Row,
    "columns": Columns,
    "rule": Rule,
    "qr": Qr,
    "mark": Mark,
    "feed": Feed,
    "cut": Cut,
}
_KIND_OF: Final = {block: kind for kind, block in _KINDS.items()}
_FIELDS: Final[Mapping[type[Block | Cell], tuple[str, ...]]] = {
    part: tuple(field.name for field in dataclasses.fields(part)) for part in (*_KINDS.values(), Cell)
}
_HINTS: Final[Mapping[type, Mapping[str, object]]] = {part: get_type_hints(part) for part in _FIELDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One document, from the top of the paper to the cut."""

    blocks: tuple[Block, ...]


def as_reprint(document: Receipt, n: int) -> Receipt:
    """The document with the mark of its n-th repeat on top (n >= 1). Mark an original, not an already marked copy."""
    if n < 1:
        raise ValueError("a reprint is counted from 1")
    return Receipt(blocks=(Mark(text=f"重打 REPRINT #{n}"), *document.blocks))


def encode_document(document: Receipt) -> str:
    """JSON that any later version of this module can still read."""
    blocks = [{"kind": _KIND_OF[type(block)], **_fields_of(block)} for block in document.blocks]
    return json.dumps({"v": DOCUMENT_VERSION, "blocks": blocks}, ensure_ascii=False, separators=(",", ":"))


def _fields_of(part: Block | Cell) -> dict[str, object]:
    """Written out because `dataclasses.asdict` copies every value deeply, which took longer than the durable commit around it."""
    values: dict[str, object] = {name: getattr(part, name) for name in _FIELDS[type(part)]}
    if isinstance(part, Columns):
        values["cells"] = [_fields_of(cell) for cell in part.cells]
    return values


def decode_document(stored: str) -> Receipt:
    """The document again, equal to what was encoded. Raises DocumentUnprintable, naming what is wrong and where."""
    try:
        data: object = json.loads(stored)
    except ValueError as error:
        raise DocumentUnprintable(f"stored receipt is not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("v") != DOCUMENT_VERSION or not isinstance(data.get("blocks"), list):
        version = data.get("v") if isinstance(data, dict) else None
        raise DocumentUnprintable(f"stored receipt has version {version!r}; this program reads {DOCUMENT_VERSION}")
    return Receipt(blocks=tuple(_block(item, f"blocks[{at}]") for at, item in enumerate(data["blocks"])))


def _block(item: object, where: str) -> Block:
    if not isinstance(item, dict):
        raise DocumentUnprintable(f"{where}: expected an object")
    fields = dict(item)
    kind = fields.pop("kind", None)
    block_type = _KINDS.get(kind) if isinstance(kind, str) else None
    if block_type is None:
        raise DocumentUnprintable(f"{where}: unknown block kind {kind!r}")
    return _build(block_type, fields, where)


def _build(cls: type[_Part], fields: Mapping[str, object], where: str) -> _Part:
    hints = _HINTS[cls]
    unknown = fields.keys() - hints.keys()
    if unknown:
        raise DocumentUnprintable(f"{where}: unknown field {min(unknown)!r}")
    values = {name: _value(value, hints[name], f"{where}.{name}") for name, value in fields.items()}
    try:
        return cls(**values)
    except TypeError as error:
        raise DocumentUnprintable(f"{where}: {error}") from error


def _value(value: object, expected: object, where: str) -> object:
    if expected in (str, int, bool):
        if type(value) is expected:
            return value
    elif isinstance(expected, type) and issubclass(expected, StrEnum):
        if isinstance(value, str) and value in list(expected):
            return expected(value)
    elif expected == tuple[Cell, ...] and isinstance(value, list):
        cells = [dict(cell) if isinstance(cell, dict) else {"text": cell} for cell in value]
        return tuple(_build(Cell, cell, f"{where}[{at}]") for at, cell in enumerate(cells))
    raise DocumentUnprintable(f"{where}: {value!r} is not {getattr(expected, '__name__', expected)}")
