"""Reading typed values out of a JSON document: every mistake is collected with its path and what to write instead. Used by the parts of the rulebook's reader."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from stored_value.words import Words

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


class Reader:
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

    def _values(self, holder: dict[str, Any], key: str, path: str) -> list[Any]:
        values = holder.get(key, [])
        if isinstance(values, list):
            return values
        self.problem(f"{path}{key}", "is not a list", "write [ … ]")
        return []

    def texts(self, holder: dict[str, Any], key: str, path: str) -> tuple[str, ...]:
        values = self._values(holder, key, path)
        for at, value in enumerate(values):
            if not isinstance(value, str) or not value:
                self.problem(f"{path}{key}[{at}]", f"is {value!r}", "write a text in quotes")
        return tuple(value for value in values if isinstance(value, str) and value)

    def choices(self, holder: dict[str, Any], key: str, path: str, known: type[E]) -> tuple[E, ...]:
        names = self.texts(holder, key, path)
        stated = [choice.value for choice in known]
        for name in names:
            if name not in stated:
                self.problem(f"{path}{key}", f"has {name!r}", f"write any of {', '.join(stated)}")
        return tuple(known(name) for name in names if name in stated)

    def numbers(self, holder: dict[str, Any], key: str, path: str, least: int, most: int) -> tuple[int, ...]:
        values = self._values(holder, key, path)
        remedy = f"write whole numbers from {least} to {most}"
        good = [value for value in values if type(value) is int and least <= value <= most]
        if len(good) < len(values):
            self.problem(f"{path}{key}", f"is {values!r}", remedy)
        return tuple(good)

    def maybe_integer(self, holder: dict[str, Any], key: str, path: str, least: int) -> int | None:
        return None if holder.get(key) is None else self.integer(holder, key, path, least)

    def flag(self, holder: dict[str, Any], key: str, path: str, default: bool) -> bool:
        value = holder.get(key, default)
        if isinstance(value, bool):
            return value
        self.problem(f"{path}{key}", f"is {value!r}", "write true or false")
        return default

    def day(self, holder: dict[str, Any], key: str, path: str) -> date | None:
        value = holder.get(key)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return date.fromisoformat(value)
        except ValueError:
            pass  # told below, as for a value that is no text
        self.problem(f"{path}{key}", f"is {value!r}", "write a date like 2026-12-31")
        return None

    def part(self, holder: dict[str, Any], key: str, path: str) -> tuple[dict[str, Any], str]:
        """The object under a key (empty when it is left out) with the path of its members."""
        return self.object(holder.get(key) or {}, f"{path}{key}"), f"{path}{key}."

    def words(self, holder: dict[str, Any], key: str, path: str) -> Words:
        words, inner = self.part(holder, key, path)
        return Words(zh=self.text(words, "zh", inner), en=self.text(words, "en", inner))

    def list(
        self, holder: dict[str, Any], key: str, read: Callable[[dict[str, Any], str], T | None], path: str = ""
    ) -> tuple[T, ...]:
        """Objects read one by one; `read` gets each with its path."""
        place = f"{path}{key}"
        values = self._values(holder, key, path)
        places = [(self.object(value, f"{place}[{at}]"), f"{place}[{at}].") for at, value in enumerate(values)]
        return tuple(item for value, inner in places if (item := read(value, inner)) is not None)
