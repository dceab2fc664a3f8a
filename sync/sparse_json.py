"""Frozen records as canonical JSON without the fields that hold their default: half of a wallet says nothing. Called by `wallet_codec`.

Reading needs nothing of this: a decoder of the records fills in what is not there. So a field's default is part of the format and may not change.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")
_encode = msgspec.json.Encoder(order="sorted").encode


def sparse_writer(kind: type[T], *, without: frozenset[str] = frozenset()) -> Callable[[T], bytes]:
    """Of records of `kind`, a dataclass; its own fields `without` are never written."""
    shape = _record(kind, without)
    msgspec.json.Decoder(shape)  # what msgspec knows of it is gathered while there is one thread (see `message_types`)

    def write(record: T) -> bytes:
        return _encode(msgspec.convert(record, shape, from_attributes=True))

    return write


def _record(kind: type[Any], without: frozenset[str] = frozenset()) -> type[msgspec.Struct]:
    """The same fields as a structure that leaves defaults out when it is encoded."""
    hints = get_type_hints(kind)
    shape: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in fields(kind):
        assert field.default_factory is MISSING, f"{kind.__name__}.{field.name}: a default must be a plain value"
        if field.name in without:
            continue
        written = _written(hints[field.name])
        if field.default is MISSING:
            shape.append((field.name, written))
        else:
            shape.append((field.name, written, field.default))
    return msgspec.defstruct(kind.__name__, shape, frozen=True, kw_only=True, omit_defaults=True)


def _written(hint: Any) -> Any:
    """The hint with every dataclass in it replaced by its structure."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    parts = get_args(hint)
    if not parts:
        return hint
    inner = tuple(each if each is Ellipsis else _written(each) for each in parts)
    if get_origin(hint) in (Union, UnionType):
        return Union[inner]  # noqa: UP007 - made of a tuple
    return get_origin(hint)[inner]
