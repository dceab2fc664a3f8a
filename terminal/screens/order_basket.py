"""An order while it is being put together: lines in the basket, and the tenders while money is being taken. Pure values; prices and refusals are the counter's."""

from dataclasses import dataclass, field, replace
from typing import Final

from stored_value.events import Tender, TenderKind
from stored_value.events_order import OrderItem, PassCover
from stored_value.identity import LotId
from terminal.screens.amounts import AmountEntry

LINES_MAX: Final = 30
QUANTITY_MAX: Final = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """`cover`: the pass that pays for it; `sells_pass`: the type of the pass that it sells."""

    name: str
    price_minor: int
    quantity: int = 1
    category: str = ""
    cover: LotId | None = None
    sells_pass: str = ""

    @property
    def total_minor(self) -> int:
        return self.price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    lines: tuple[BasketLine, ...] = ()

    @property
    def total_minor(self) -> int:
        """At list prices."""
        return sum(line.total_minor for line in self.lines)

    def with_line(self, line: BasketLine) -> "Basket":
        return self if len(self.lines) >= LINES_MAX else Basket((*self.lines, line))

    def without(self, at: int) -> "Basket":
        return Basket(self.lines[:at] + self.lines[at + 1 :])

    def counted(self, at: int, quantity: int) -> "Basket":
        """At least one and at most `QUANTITY_MAX`."""
        return self._changed(at, replace(self.lines[at], quantity=max(1, min(quantity, QUANTITY_MAX))))

    def covered(self, at: int, holding_id: LotId | None) -> "Basket":
        return self._changed(at, replace(self.lines[at], cover=holding_id))

    def _changed(self, at: int, line: BasketLine) -> "Basket":
        return Basket((*self.lines[:at], line, *self.lines[at + 1 :]))

    def items(self) -> tuple[OrderItem, ...]:
        """A pass gives one use for each piece of the line that it covers."""
        return tuple(
            OrderItem(
                line_no=at,
                name=line.name,
                unit_price_minor=line.price_minor,
                category=line.category,
                quantity=line.quantity,
                covered_by=PassCover(holding_id=line.cover, units=line.quantity) if line.cover is not None else None,
                sells_pass=line.sells_pass,
            )
            for at, line in enumerate(self.lines, start=1)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tendering:
    """What is typed for each tender; of cash it is what was handed over, and change goes back. `with_balance`: the balance pays the rest."""

    typed: dict[TenderKind, AmountEntry] = field(default_factory=dict)
    chosen: TenderKind | None = None
    with_balance: bool = True

    @property
    def entry(self) -> AmountEntry:
        return self.typed.get(self.chosen, AmountEntry()) if self.chosen is not None else AmountEntry()

    def choose(self, kind: TenderKind, open_minor: int) -> "Tendering":
        """A tender begins with what nobody pays yet; chosen once more it is taken out again."""
        if kind is self.chosen:
            rest = {each: entry for each, entry in self.typed.items() if each is not kind}
            return replace(self, typed=rest, chosen=next(reversed(rest), None))
        if kind in self.typed:
            return replace(self, chosen=kind)
        begun = AmountEntry.of(open_minor) if open_minor > 0 else AmountEntry()
        return replace(self, typed={**self.typed, kind: begun}, chosen=kind)

    def enter(self, entry: AmountEntry) -> "Tendering":
        return self if self.chosen is None else replace(self, typed={**self.typed, self.chosen: entry})

    def tenders(self, due_minor: int) -> tuple[Tender, ...]:
        """Cash takes no more than what the others leave; whoever typed too much elsewhere sees it as over."""
        others = sum(entry.minor for kind, entry in self.typed.items() if kind is not TenderKind.CASH)
        amounts = {
            kind: min(entry.minor, max(0, due_minor - others)) if kind is TenderKind.CASH else entry.minor
            for kind, entry in self.typed.items()
        }
        return tuple(Tender(kind=kind, amount_minor=amount) for kind, amount in amounts.items() if amount)

    def change_minor(self, due_minor: int) -> int:
        received = self.typed.get(TenderKind.CASH, AmountEntry()).minor
        taken = sum(each.amount_minor for each in self.tenders(due_minor) if each.kind is TenderKind.CASH)
        return received - taken
