"""The rulebook as a JSON document: reading it with every mistake named by its path, and writing it canonically. The schema is explained in docs/RULEBOOK.md."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

from stored_value.identity import PromotionId, TierId
from stored_value.rulebook import (
    BonusBearer,
    DrawOrder,
    FirstTopUp,
    FixedPlan,
    Limits,
    Promotion,
    ReceiptTexts,
    Rulebook,
    Tier,
    Words,
)

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is where in the document (`promotions[1].bonus_minor`), `what` is wrong, `remedy` is what to write instead."""

    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path or 'document'}: {self.what}; {self.remedy}"


class RulebookError(ValueError):
    """The document is not a rulebook; `problems` lists every one that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def parse_rulebook(text: bytes | str) -> Rulebook:
    """Raises `RulebookError` with all problems at once. Unknown keys are ignored, so that an older till reads a newer rulebook."""
    try:
        document = json.loads(text, parse_float=_no_float)
    except ValueError as error:
        raise RulebookError([Problem("", f"is not JSON: {error}", "check the brackets and quotes there")]) from error
    reader = _Reader()
    book = _read_rulebook(reader, document)
    if book is not None and not reader.problems:
        _check_whole(reader, book)
    if reader.problems or book is None:
        raise RulebookError(reader.problems)
    return book


def write_rulebook(book: Rulebook) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8."""
    return json.dumps(_plain(book), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _no_float(text: str) -> int:
    raise ValueError(f"{text} is not a whole number; amounts are written in fen")


_TYPE_NAMES: dict[type[Promotion], str] = {FixedPlan: "fixed_plan", FirstTopUp: "first_top_up"}
_PROMOTION_TYPES = {name: kind for kind, name in _TYPE_NAMES.items()}
_JSON_NAMES = {"promotion_id": "id", "tier_id": "id"}


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Rulebook | Tier | FixedPlan | FirstTopUp | Limits | ReceiptTexts | Words):
        plain = {_JSON_NAMES.get(item.name, item.name): _plain(getattr(value, item.name)) for item in fields(value)}
        if isinstance(value, FixedPlan | FirstTopUp):
            plain["type"] = _TYPE_NAMES[type(value)]
        return plain
    return value


class _Reader:
    """Reads typed values out of JSON and collects problems instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def problem(self, path: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(path, what, remedy))

    def object(self, value: object, path: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.problem(path, "is not an object", "write { … }")
        return {}

    def _value(self, holder: dict[str, Any], key: str, path: str, default: T | None, remedy: str) -> Any:
        if key in holder:
            return holder[key]
        if default is None:
            self.problem(f"{path}{key}", "is missing", remedy)
        return default

    def integer(self, holder: dict[str, Any], key: str, path: str, least: int, default: int | None = None) -> int:
        remedy = f"write a whole number of at least {least}"
        value = self._value(holder, key, path, default, remedy)
        if value is None:
            return least
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.problem(f"{path}{key}", f"is {value!r}", remedy)
            return least
        return value

    def text(self, holder: dict[str, Any], key: str, path: str, default: str | None = None) -> str:
        value = self._value(holder, key, path, default, "write a text in quotes")
        if value is None or not isinstance(value, str) or (not value and default is None):
            if value is not None:
                self.problem(f"{path}{key}", f"is {value!r}", "write a text in quotes")
            return ""
        return value

    def choice(self, holder: dict[str, Any], key: str, path: str, choices: type[E], default: E) -> E:
        value = holder.get(key, default.value)
        known = [choice.value for choice in choices]
        if value not in known:
            self.problem(f"{path}{key}", f"is {value!r}", f"write one of {', '.join(known)}")
            return default
        return choices(value)

    def moment(self, holder: dict[str, Any], key: str, path: str) -> datetime:
        remedy = "write a time with its zone, like 2026-01-01T00:00:00Z"
        value = self._value(holder, key, path, None, remedy)
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            if value is not None:
                self.problem(f"{path}{key}", f"is {value!r}", remedy)
            return datetime.max.replace(tzinfo=UTC)
        return moment.astimezone(UTC)

    def list(self, holder: dict[str, Any], key: str, read: Callable[[dict[str, Any], str], T | None]) -> tuple[T, ...]:
        values = holder.get(key, [])
        if not isinstance(values, list):
            self.problem(key, "is not a list", "write [ … ]")
            return ()
        places = [(self.object(value, f"{key}[{place}]"), f"{key}[{place}].") for place, value in enumerate(values)]
        return tuple(item for value, path in places if (item := read(value, path)) is not None)


def _read_rulebook(reader: _Reader, document: object) -> Rulebook | None:
    top = reader.object(document, "")
    if not top:
        return None
    limits = reader.object(top.get("limits", {}), "limits")
    receipt = reader.object(top.get("receipt", {}), "receipt")
    return Rulebook(
        version=reader.integer(top, "version", "", 1),
        effective_at=reader.moment(top, "effective_at", ""),
        tiers=reader.list(top, "tiers", lambda value, path: _read_tier(reader, value, path)),
        promotions=reader.list(top, "promotions", lambda value, path: _read_promotion(reader, value, path)),
        draw_order=reader.choice(top, "draw_order", "", DrawOrder, DrawOrder.PROPORTIONAL),
        limits=Limits(
            **{
                item.name: reader.integer(limits, item.name, "limits.", 0, getattr(Limits(), item.name))
                for item in fields(Limits)
            }
        ),
        receipt=ReceiptTexts(
            header=reader.text(receipt, "header", "receipt.", ""), footer=reader.text(receipt, "footer", "receipt.", "")
        ),
    )


def _read_words(reader: _Reader, holder: dict[str, Any], path: str) -> Words:
    words = reader.object(holder.get("name", {}), f"{path}name")
    return Words(zh=reader.text(words, "zh", f"{path}name."), en=reader.text(words, "en", f"{path}name."))


def _read_tier(reader: _Reader, value: dict[str, Any], path: str) -> Tier:
    return Tier(
        tier_id=TierId(reader.text(value, "id", path)),
        name=_read_words(reader, value, path),
        top_up_from_minor=reader.integer(value, "top_up_from_minor", path, 0),
    )


def _read_promotion(reader: _Reader, value: dict[str, Any], path: str) -> Promotion | None:
    kind = _PROMOTION_TYPES.get(str(value.get("type")))
    if kind is None:
        reader.problem(f"{path}type", f"is {value.get('type')!r}", f"write one of {', '.join(_PROMOTION_TYPES)}")
        return None
    common: dict[str, Any] = {
        "promotion_id": PromotionId(reader.text(value, "id", path)),
        "name": _read_words(reader, value, path),
        "bonus_minor": reader.integer(value, "bonus_minor", path, 1),
        "bearer": reader.choice(value, "bearer", path, BonusBearer, BonusBearer.COLLECTING_STORE),
        "bonus_valid_days": None
        if value.get("bonus_valid_days") is None
        else reader.integer(value, "bonus_valid_days", path, 1),
    }
    if kind is FixedPlan:
        return FixedPlan(pay_minor=reader.integer(value, "pay_minor", path, 1), **common)
    return FirstTopUp(from_minor=reader.integer(value, "from_minor", path, 0), **common)


def _check_whole(reader: _Reader, book: Rulebook) -> None:
    thresholds = [tier.top_up_from_minor for tier in book.tiers]
    if not thresholds or thresholds[0] != 0:
        reader.problem("tiers", "do not start at 0", "give the first tier top_up_from_minor 0")
    if any(later <= earlier for earlier, later in pairwise(thresholds)):
        reader.problem("tiers", "do not ascend", "order tiers by top_up_from_minor, each higher than the one before")
    for key, ids in (
        ("tiers", [str(tier.tier_id) for tier in book.tiers]),
        ("promotions", [str(promotion.promotion_id) for promotion in book.promotions]),
    ):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            reader.problem(key, f"id {twice[0]!r} stands twice", "give each an id of its own")
