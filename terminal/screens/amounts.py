"""An amount or a number while it is being typed on the keypad. Pure values; formatting and reading of money are `stored_value.money`'s."""

from dataclasses import dataclass, replace
from typing import Final

from stored_value.money import format_yuan, parse_yuan

BACK: Final = "back"
CLEAR: Final = "clear"
POINT: Final = "."
WHOLE_DIGITS_MAX: Final = 7
DECIMALS_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class AmountEntry:
    """What was typed, in yuan: at most seven digits, one point, two decimals. A key that does not fit changes nothing.

    `given`: set as a whole by a quick key or a plan; shown in full, and the next digit starts anew."""

    typed: str = ""
    given: bool = False

    @classmethod
    def of(cls, minor: int) -> "AmountEntry":
        plain = format_yuan(minor, sign=False).replace(",", "")
        return cls(plain, given=True)

    @property
    def minor(self) -> int:
        return parse_yuan(self.typed) if self.typed.strip(POINT) else 0

    @property
    def is_empty(self) -> bool:
        return not self.typed

    @property
    def shown(self) -> str:
        """As typed, thousands separated: `￥1,280.5`; `￥0.00` when empty."""
        if not self.typed or self.given:
            return format_yuan(self.minor)
        whole, point, decimals = self.typed.partition(POINT)
        return f"￥{int(whole or '0'):,}{point}{decimals}"

    def press(self, key: str) -> "AmountEntry":
        if self.given:
            return AmountEntry().press(key)
        if key == BACK:
            return AmountEntry(self.typed[:-1])
        if key == CLEAR:
            return AmountEntry()
        if key == POINT:
            return self if POINT in self.typed else AmountEntry((self.typed or "0") + POINT)
        return self._digits(key) if key.isdigit() else self

    def _digits(self, digits: str) -> "AmountEntry":
        whole, point, decimals = self.typed.partition(POINT)
        if point:
            return self if len(decimals + digits) > DECIMALS_MAX else AmountEntry(self.typed + digits)
        grown = (whole + digits).lstrip("0") or "0"
        return self if len(grown) > WHOLE_DIGITS_MAX else AmountEntry(grown)


@dataclass(frozen=True, slots=True)
class DigitEntry:
    """Digits of a PIN, a phone or a receipt number, up to `longest`."""

    longest: int
    digits: str = ""

    def press(self, key: str) -> "DigitEntry":
        if key == BACK:
            return replace(self, digits=self.digits[:-1])
        if key == CLEAR:
            return replace(self, digits="")
        if key.isdigit() and len(self.digits) + len(key) <= self.longest:
            return replace(self, digits=self.digits + key)
        return self
