"""What of one line goes back, while it is being chosen: an amount, uses of the pass that covered it, or a sold pass as a whole. Pure values of the refund screen."""

from dataclasses import dataclass, replace
from typing import Final

from stored_value.events import RefundLine
from stored_value.events_order import OrderRefundLine
from stored_value.money import format_yuan
from terminal.counter.order_views import OrderRefundQuote
from terminal.counter.views import PurchaseLineView
from terminal.language import Texts
from terminal.screens.amounts import AmountEntry, DigitEntry
from terminal.screens.words import tender_name

_UNITS: Final = DigitEntry(4)


def can_go_back(line: PurchaseLineView) -> bool:
    return line.refundable_minor > 0 or line.units_left > 0


@dataclass(frozen=True, slots=True)
class ChosenLine:
    line: PurchaseLineView
    amount: AmountEntry
    units: DigitEntry = _UNITS

    @classmethod
    def whole(cls, line: PurchaseLineView) -> "ChosenLine":
        return cls(line, AmountEntry.of(line.refundable_minor))

    @property
    def minor(self) -> int:
        return 0 if self.line.units else self.amount.minor

    @property
    def count(self) -> int:
        """Uses that go back: all that can, unless typed otherwise."""
        if not self.line.units:
            return 0
        return int(self.units.digits) if self.units.digits else self.line.units_left

    @property
    def fits(self) -> bool:
        if self.line.units:
            return 0 < self.count <= self.line.units_left
        return 0 < self.minor <= self.line.refundable_minor

    def press(self, key: str) -> "ChosenLine":
        """A key that asks for more than can go back changes nothing; a sold pass is not divided."""
        if self.line.only_whole:
            return self
        if self.line.units:
            pressed = replace(self, units=self.units.press(key))
            return pressed if pressed.count <= self.line.units_left else self
        changed = replace(self, amount=self.amount.press(key))
        return changed if changed.minor <= self.line.refundable_minor else self

    @property
    def is_empty(self) -> bool:
        """Nothing was typed: an amount that is shown is what was given."""
        return not self.units.digits if self.line.units else self.amount.is_empty

    @property
    def row_text(self) -> str:
        return f"× {self.count}" if self.line.units else format_yuan(self.minor)

    @property
    def shown(self) -> str:
        return f"× {self.count}" if self.line.units else self.amount.shown

    @property
    def refund_line(self) -> RefundLine:
        return RefundLine(line_no=self.line.line_no, amount_minor=self.minor)

    @property
    def order_line(self) -> OrderRefundLine:
        return OrderRefundLine(line_no=self.line.line_no, amount_minor=self.minor, units=self.count)


def goes_back_text(quote: OrderRefundQuote, texts: Texts) -> str:
    """Where a refund of an order goes, in one sentence."""
    t = texts.t
    money = [
        *((tender_name(each.kind, texts), each.amount_minor) for each in quote.tenders),
        (t("principal"), quote.principal_minor),
        (t("bonus"), quote.bonus_minor),
        (t("owed"), quote.owed_minor),
    ]
    parts = [f"{name} {format_yuan(minor)}" for name, minor in money if minor]
    if quote.points:
        parts.append(t("{points} points", points=quote.points))
    parts.extend(texts.words(coupon) for coupon in quote.coupons)
    return t("Goes back to: {parts}", parts=" · ".join(parts)) if parts else ""
