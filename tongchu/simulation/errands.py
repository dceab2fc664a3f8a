"""What customers want at a till. To add an errand: write a function from a `Visit` to what the counter answered, and name it with its weight in `ERRANDS`.

An errand that the counter refuses is a fact like any other and counted by its code. None: there was nothing to do it with, or the till died over it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from stored_value.events import OrderLine, RefundLine, Tender, TenderKind
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal
from sync.cards import FIRST_CARD_ISSUE, card_text
from terminal.counter import Counter
from terminal.counter.views import Completed, MemberView, PurchaseView, ShiftReport
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

    def member(self) -> MemberView | None:
        """Scans the card."""
        code = card_text(self.some_customer().member_no, FIRST_CARD_ISSUE)
        found = self.machine.do(lambda: self.machine.counter.identify(code))
        match found:
            case MemberView():
                self.watch.shown(self.machine, found)
                return found
            case Refusal():
                self.machine.count(f"refused {found.code.value}")
                return None
            case _:
                return None

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
        if isinstance(answer, Completed) and answer.member_id is not None:
            self.watch.spent(machine)
        return answer


def enrol(visit: Visit) -> Done:
    """A newcomer, sometimes with a phone that somebody has already."""
    if not visit.phones or visit.chance.random() < 0.9:
        visit.phones.append(13_700_000_000 + visit.chance.randrange(100_000_000))
    phone = str(visit.chance.choice(visit.phones[-3:]))
    done = visit.act(lambda counter, action: counter.enrol_member(action, "韩梅梅", phone))
    if isinstance(done, Completed) and done.member_id is not None:
        member = visit.machine.counter.member(done.member_id)
        if isinstance(member, MemberView):
            visit.customers.insert(visit.chance.randrange(8), Customer(member.member_no, visit.machine.store_id))
    return done


def top_up(visit: Visit) -> Done:
    member = visit.member()
    if member is None:
        return None
    amount = visit.chance.choice((3_000, 5_000, 10_000, 10_000, 20_000, 30_000, 100_000))
    plans = [plan.promotion_id for plan in visit.machine.counter.plans() if plan.pay_minor == amount]
    plan = plans[0] if plans and visit.chance.random() < 0.8 else None
    tenders = _tenders(visit.chance, amount)
    return visit.act(lambda counter, action: counter.top_up(action, member.member_id, amount, tenders, plan))


def redeem(visit: Visit) -> Done:
    member = visit.member()
    return None if member is None else _redeem(visit, member.member_id, _some_amount(visit.chance, member))


def redeem_all(visit: Visit) -> Done:
    """Everything that the till lets him spend: where two tills do so, somebody overspends."""
    member = visit.member()
    if member is None or not member.spendable_now_minor:
        return None
    return _redeem(visit, member.member_id, member.spendable_now_minor)


def refund(visit: Visit) -> Done:
    """Part of a purchase of this till, by line."""
    counter = visit.machine.counter
    rows = [row for row in counter.receipts(20) if row.refundable]
    if not rows:
        return None
    purchase = counter.purchase(visit.chance.choice(rows).receipt_no)
    if not isinstance(purchase, PurchaseView):
        return purchase
    left = [line for line in purchase.lines if line.refundable_minor]
    if not left:
        return None
    line = visit.chance.choice(left)
    back = visit.chance.choice((line.refundable_minor, visit.chance.randint(1, line.refundable_minor)))
    lines = (RefundLine(line_no=line.line_no, amount_minor=back),)
    return visit.act(lambda at, action: at.refund(action, purchase.purchase_id, lines, "退货"))


def take_back(visit: Visit) -> Done:
    """A member's last entry of this shift: the cashier was wrong."""
    rows = [row for row in visit.machine.counter.receipts(20) if row.reversible and row.kind != "member_enrolled"]
    if not rows:
        return None
    event_id = visit.chance.choice(rows).event_id
    return visit.act(lambda counter, action: counter.take_back(action, event_id))


def reprint(visit: Visit) -> Done:
    rows = visit.machine.counter.receipts(20)
    if not rows:
        return None
    seq = visit.chance.choice(rows).seq
    answer = visit.machine.do(lambda: visit.machine.counter.reprint(seq))
    visit.machine.count("reprinted")
    return answer if isinstance(answer, Refusal) else None


def x_report(visit: Visit) -> Done:
    return visit.machine.do(visit.machine.counter.print_x_report)


ERRANDS: Final[tuple[tuple[Errand, int], ...]] = (
    (redeem, 30),
    (redeem_all, 12),
    (top_up, 26),
    (refund, 12),
    (take_back, 6),
    (enrol, 6),
    (reprint, 3),
    (x_report, 2),
)


def any_errand(chance: Random) -> Errand:
    return chance.choices([errand for errand, _ in ERRANDS], [weight for _, weight in ERRANDS])[0]


def _tenders(chance: Random, amount_minor: int) -> tuple[Tender, ...]:
    kinds = chance.sample((TenderKind.CASH, TenderKind.WECHAT, TenderKind.ALIPAY, TenderKind.CARD), 2)
    if chance.random() < 0.75:
        return (Tender(kind=kinds[0], amount_minor=amount_minor),)
    first = chance.randrange(1, amount_minor)
    return (Tender(kind=kinds[0], amount_minor=first), Tender(kind=kinds[1], amount_minor=amount_minor - first))


def _some_amount(chance: Random, member: MemberView) -> int:
    """Mostly what he has, sometimes a little more."""
    most = max(100, member.balance_minor + (500 if chance.random() < 0.1 else 0))
    return chance.randint(1, min(most, chance.choice((3_000, 8_000, 20_000, 40_000))))


def _redeem(visit: Visit, member_id: MemberId, amount_minor: int) -> Done:
    parts = visit.chance.randint(1, 3) if amount_minor > 100 else 1
    totals = [amount_minor // parts] * (parts - 1)
    totals.append(amount_minor - sum(totals))
    lines = tuple(
        OrderLine(line_no=no, name=f"菜品{no}", total_minor=total) for no, total in enumerate(totals, start=1)
    )
    visit.again = lambda later: later.act(lambda counter, action: counter.redeem(action, member_id, lines, True))
    return visit.again(visit)
