"""Reads hand-written events, one JSON object a line, and explains every mistake by line and field. What a hand leaves out gets a default, listed in docs/REPLAY.md.

A line is either an event (`{"kind": "redeemed", "id": "r1", "member_id": "m1", "store_id": "S01", "business_date": "2026-03-02", …}`) or a whole journal entry
(`{"body": …, "header": …}`), as `journal.db` holds it.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from stored_value.events import EVENT_TYPES, Event, EvidenceClass, Occasion
from sync.entry import read_entry
from sync.errors import BodyUnreadable, EntryUnreadable
from sync.event_codec import event_of

_BY_KIND: dict[str, type[Event]] = {kind.kind: kind for kind in EVENT_TYPES}
_OCCASION = {field.name for field in fields(Occasion)}
_RENAMED = {"id": "event_id"}
_AT = re.compile(r" - at `\$\.?(.*)`$")


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` counts from 1; `field` is empty when the line as a whole is wrong."""

    line: int
    field: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}{f', {self.field}' if self.field else ''}: {self.what}"


class EventsUnreadable(Exception):
    """The file has mistakes; `mistakes` lists all of them."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def read_events(lines: Iterable[str], rulebook_version: int) -> list[Event]:
    """Raises `EventsUnreadable` with every mistake of the file. Empty lines and lines that begin with `//` are left out."""
    events: list[Event] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip() or text.lstrip().startswith("//"):
            continue
        read = _read_line(number, text, rulebook_version)
        if isinstance(read, list):
            mistakes += read
            continue
        event_id = read.occasion.event_id
        if event_id in seen:
            mistakes.append(
                Mistake(
                    number,
                    "id",
                    f"{event_id!r} stands in line {seen[event_id]} already; give each event an id of its own",
                )
            )
        seen[event_id] = number
        events.append(read)
    if mistakes:
        raise EventsUnreadable(mistakes)
    return events


def _read_line(number: int, text: str, rulebook_version: int) -> Event | list[Mistake]:
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        return [Mistake(number, "", f"is not JSON: {error.msg} at character {error.pos + 1}")]
    if not isinstance(told, dict):
        return [Mistake(number, "", "is not an object; write { … } with a kind")]
    if told.keys() == {"header", "body"}:
        return _read_journal_entry(number, text)
    kind = _BY_KIND.get(str(told.get("kind", "")))
    if kind is None:
        near = difflib.get_close_matches(str(told.get("kind", "")), _BY_KIND, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return [Mistake(number, "kind", f"{told.get('kind')!r} is none of {', '.join(_BY_KIND)}{hint}")]
    own: dict[str, Any] = {str(_RENAMED.get(key, key)): value for key, value in told.items() if key != "kind"}
    mistakes = [Mistake(number, field, what) for field, what in _misnamed(kind, own)]
    if mistakes:
        return mistakes
    place = _occasion_with_defaults(own, rulebook_version)
    try:
        occasion = msgspec.convert(place, Occasion)
        rest = {key: value for key, value in own.items() if key not in _OCCASION}
        return msgspec.convert(rest | {"occasion": occasion}, kind)
    except msgspec.ValidationError as error:
        return [_explained(number, str(error))]


def _read_journal_entry(number: int, text: str) -> Event | list[Mistake]:
    try:
        return event_of(read_entry(text.strip().encode()))
    except (EntryUnreadable, BodyUnreadable) as error:
        return [_explained(number, str(error))]


def _misnamed(kind: type[Event], own: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Unknown and missing fields, all at once."""
    known = {field.name: field for field in fields(kind) if field.name != "occasion"}
    for key in own:
        if key not in known and key not in _OCCASION:
            near = difflib.get_close_matches(key, [*known, *_OCCASION], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"{kind.kind} has {', '.join(known)}"
            yield key, f"is no field of {kind.kind}; {hint}"
    for name, field in known.items():
        if name not in own and field.default is MISSING and field.default_factory is MISSING:
            yield name, f"is missing; {kind.kind} needs it"
    for name in ("event_id", "store_id", "business_date"):
        if name not in own:
            shown = "id" if name == "event_id" else name
            yield shown, "is missing; every event needs it"


def _occasion_with_defaults(own: dict[str, Any], rulebook_version: int) -> dict[str, Any]:
    place = {key: value for key, value in own.items() if key in _OCCASION}
    store = str(place["store_id"])
    place.setdefault("terminal_id", f"{store}-T1")
    place.setdefault("staff_id", "staff")
    place.setdefault("shift_id", f"{store}-{place['business_date']}")
    place.setdefault("rulebook", rulebook_version)
    place.setdefault("evidence", EvidenceClass.PIN.value)
    place.setdefault("offline", False)
    place.setdefault("local_time", f"{place['business_date']} 12:00:00")
    place.setdefault("occurred_at", _noon(place["business_date"]))
    return place


def _noon(day: object) -> object:
    """Left as it is when it is no date, for the decoder to name."""
    try:
        return datetime.combine(date.fromisoformat(str(day)), time(12), UTC)
    except ValueError:
        return day


def _explained(number: int, message: str) -> Mistake:
    """A decoder's message with the field in front."""
    found = _AT.search(message)
    field = found[1].removeprefix("occasion.") if found else ""
    return Mistake(number, "id" if field == "event_id" else field, _AT.sub("", message))
