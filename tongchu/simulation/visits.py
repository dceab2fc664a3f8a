"""A customer at a till: who he is, how he is recognised, and how something is done so that a crash or a double tap changes nothing. What he wants stands in `errands`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from stored_value.events import OrderLine, Tender, TenderKind
from stored_value.identity import EventId
from stored_value.refusals import Refusal, RefusalCode
from sync.cards import FIRST_CARD_ISSUE, card_text
from terminal.counter import Counter
from terminal.counter.views import Completed, MemberView, ShiftReport
from tongchu.simulation.till import TillMachine
from tongchu.simulation.watching import Watch

Done = Completed | ShiftReport | Refusal | None
Errand = Callable[["Visit"], Done]
Act = Callable[[Counter, EventId], Completed | Refusal]


@dataclass(frozen=True, slots=True)
class Customer:
    """Known by the number on the card; `home` is where he mostly goes."""

    member_no: str
    home: str


def lines_of(chance: Random, amount_minor: int) -> tuple[OrderLine, ...]:
    """What is paid for, in one to three lines."""
    parts = chance.randint(1, 3) if amount_minor > 100 else 1
    totals = [amount_minor // parts] * (parts - 1)
    totals.append(amount_minor - sum(totals))
    return tuple(OrderLine(line_no=no, name=f"菜品{no}", total_minor=total) for no, total in enumerate(totals, start=1))


@dataclass(slots=True)
class Visit:
    """One customer at one till. `customers` grows by enrolments; `again` does the same once more, for who waits until other tills gave back what they kept."""

    machine: TillMachine
    chance: Random
    customers: list[Customer]
    watch: Watch
    phones: list[int] = field(default_factory=list)
    again: Errand | None = None

    def some_customer(self) -> Customer:
        """Mostly somebody of this store, often one of few: they must meet."""
        own = [each for each in self.customers if each.home == self.machine.store_id]
        return self.chance.choice(own if own and self.chance.random() < 0.5 else self.customers[:8])

    def member(self, customer: Customer | None = None) -> MemberView | None:
        """Scans the card of somebody, or of who is named."""
        member_no = (customer or self.some_customer()).member_no
        found = self._scan(member_no, FIRST_CARD_ISSUE)
        if isinstance(found, Refusal) and found.code is RefusalCode.CARD_REPLACED:
            found = self._scan(member_no, FIRST_CARD_ISSUE + 1)
        match found:
            case MemberView():
                self.watch.shown(self.machine, found)
                return found
            case Refusal():
                self.machine.count(f"refused {found.code.value}")
                return None
            case _:
                return None

    def _scan(self, member_no: str, issue: int) -> object:
        code = card_text(member_no, issue)
        return self.machine.do(lambda: self.machine.counter.identify(code))

    def tenders(self, amount_minor: int) -> tuple[Tender, ...]:
        """One, sometimes two."""
        kinds = self.chance.sample((TenderKind.CASH, TenderKind.WECHAT, TenderKind.ALIPAY, TenderKind.CARD), 2)
        if amount_minor == 1 or self.chance.random() < 0.75:
            return (Tender(kind=kinds[0], amount_minor=amount_minor),)
        first = self.chance.randrange(1, amount_minor)
        return (Tender(kind=kinds[0], amount_minor=first), Tender(kind=kinds[1], amount_minor=amount_minor - first))

    def act(self, what: Act) -> Done:
        """With an id made first. When the till dies over it, or nothing seems to happen, the cashier does the very same again."""
        machine = self.machine
        action = machine.counter.new_action()
        answer = machine.do(lambda: what(machine.counter, action))
        if answer is None and machine.at_work():
            machine.count("done again after a crash")
            answer = machine.do(lambda: what(machine.counter, action))
        elif isinstance(answer, Completed) and self.chance.random() < 0.05:
            machine.count("double tap")
            again = machine.do(lambda: what(machine.counter, action))
            if isinstance(again, Completed):
                assert again.event_id == answer.event_id, "a double tap is one action"
                assert again.seq == answer.seq, "a double tap is one entry"
        if isinstance(answer, Completed):
            self.watch.pinned(machine)
        if isinstance(answer, Completed) and answer.member_id is not None:
            self.watch.spent(machine)
        return answer
