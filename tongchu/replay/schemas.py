"""JSON Schemas of what auditors write by hand: events, one object a line, and the rulebook. Made from the types that the rules use, so they cannot go stale."""

from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from stored_value.events import EVENT_TYPES, Event
from stored_value.occasion import Occasion
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import OWN_ID
from stored_value.rulebook_promotions import TYPE_NAMES

DRAFT = "https://json-schema.org/draft/2020-12/schema"
REQUIRED_OF_OCCASION = ("id", "store_id", "business_date")
_HAND_NAMES = {"event_id": "id"}


def events_schema() -> dict[str, Any]:
    """Of one line of a file of events."""
    kinds, definitions = msgspec.json.schema_components([*EVENT_TYPES, Occasion], ref_template="#/$defs/{name}")
    place = definitions.pop(Occasion.__name__)
    for kind in EVENT_TYPES:
        definitions[kind.__name__] = _flat(kind, definitions[kind.__name__], place)
    return {
        "$schema": DRAFT,
        "title": "Tongchu event, as written by hand",
        "oneOf": list(kinds[: len(EVENT_TYPES)]),
        "$defs": definitions,
    }


def _flat(kind: type[Event], own: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """The event's own fields beside those of its occasion, of which most have a default."""
    properties: dict[str, Any] = {"kind": {"const": kind.kind}}
    for name, schema in (place["properties"] | own["properties"]).items():
        if name != "occasion":
            properties[_HAND_NAMES.get(name, name)] = schema
    needed = [name for name in own.get("required", ()) if name != "occasion"]
    return {
        "type": "object",
        "description": kind.__doc__ if kind.__doc__ and not kind.__doc__.startswith(kind.__name__ + "(") else kind.kind,
        "properties": properties,
        "required": ["kind", *REQUIRED_OF_OCCASION, *needed],
        "additionalProperties": False,
    }


def rulebook_schema() -> dict[str, Any]:
    """Of the rulebook's document. Unknown keys are allowed, so that an older till reads a newer one."""
    definitions: dict[str, Any] = {}
    root = _of_type(Rulebook, definitions)
    return {"$schema": DRAFT, "title": "Tongchu rulebook"} | root | {"$defs": definitions}


def _of_type(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """One field's type as a schema; dataclasses become definitions."""
    if hasattr(kind, "__supertype__"):
        return _of_type(kind.__supertype__, definitions)
    if is_dataclass(kind):
        return _of_dataclass(cast(type, kind), definitions)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        known = [_of_type(part, definitions) for part in parts if part is not NoneType]
        return known[0] if len(known) == 1 else {"oneOf": known}
    if origin in (tuple, frozenset):
        return {"type": "array", "items": _of_type(parts[0], definitions)}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [choice.value for choice in kind]}
    return dict(_PLAIN[kind])


_PLAIN: dict[Any, dict[str, str]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


def _of_dataclass(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # taken, so that a type that holds itself ends here
        hints = get_type_hints(kind)
        properties: dict[str, Any] = {}
        required: list[str] = []
        if kind in TYPE_NAMES:
            properties["type"] = {"const": TYPE_NAMES[kind]}
            required.append("type")
        for field in fields(kind):
            name = "id" if field.name == OWN_ID.get(kind) else field.name
            properties[name] = _of_type(hints[field.name], definitions)
            if field.default is MISSING and field.default_factory is MISSING:
                required.append(name)
        definitions[kind.__name__] = {"type": "object", "properties": properties, "required": required}
    return {"$ref": f"#/$defs/{kind.__name__}"}
