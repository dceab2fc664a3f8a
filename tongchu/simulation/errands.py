"""What customers want at a till. To add an errand: write a function from a `Visit` to what the counter answered, and name it with its weight in `ERRANDS`.

An errand that the counter refuses is a fact like any other and counted by its code. None: there was nothing to do it with, or the till died over it. Orders, passes and
points are in `errands_shop`, money that leaves and cards in `errands_money_out`, payments by PIN in `errands_pin`.
"""

from random import Random
from typing import Final

from stored_value.events import RefundLine
from stored_value.identity import MemberId
from stored_value.refusals import Refusal
from terminal.counter.views import Completed, MemberView, PurchaseView
from tongchu.simulation.dealing import Pack
from tongchu.simulation.errands_money_out import (
    ask_cash_out,
    end_deposit,
    replace_card,
    report_loss,
    settle_cash_out,
)
from tongchu.simulation.errands_newcomers import enrol, take_deposit, top_up, top_up_of
from tongchu.simulation.errands_pin import pay_by_pin
from tongchu.simulation.errands_shop import buy_pass, exchange_points, order, refund_order, use_pass
from tongchu.simulation.visits import Done, Errand, Visit, lines_of


def top_up_and_spend(visit: Visit) -> Done:
    """Pays at once from what he has just brought: offline, from the lease that his top-up made (H3)."""
    member = visit.member()
    if member is None or not isinstance(top_up_of(visit, member), Completed) or not visit.machine.at_work():
        return None
    visit.machine.print_out()
    return _redeem(visit, member.member_id, visit.chance.randint(1, 3_000))


def redeem(visit: Visit) -> Done:
    member = visit.member()
    if member is None:
        return None
    if not member.balance_minor and visit.chance.random() < 0.9:
        return top_up_of(visit, member)
    return _redeem(visit, member.member_id, _some_amount(visit.chance, member))


def redeem_all(visit: Visit) -> Done:
    """Everything that the till lets him spend: where two tills do so, somebody overspends."""
    member = visit.member()
    if member is None:
        return None
    if not member.spendable_now_minor:
        return top_up_of(visit, member)
    return _redeem(visit, member.member_id, member.spendable_now_minor)


def refund(visit: Visit) -> Done:
    """Part of a purchase of this till, by line; where nobody has bought anything yet, somebody does."""
    counter = visit.machine.counter
    rows = [row for row in counter.receipts(20) if row.refundable]
    if not rows:
        return redeem(visit)
    purchase = counter.purchase(visit.chance.choice(rows).receipt_no)
    if not isinstance(purchase, PurchaseView):
        return purchase
    if purchase.is_order:
        return refund_order(visit, purchase)
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
        return top_up(visit)
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
    (redeem, 18),
    (redeem_all, 9),
    (top_up, 9),
    (refund, 9),
    (take_back, 5),
    (top_up_and_spend, 6),
    (enrol, 4),
    (reprint, 2),
    (x_report, 1),
    (order, 9),
    (buy_pass, 1),
    (use_pass, 3),
    (exchange_points, 3),
    (ask_cash_out, 3),
    (settle_cash_out, 1),
    (take_deposit, 1),
    (end_deposit, 3),
    (report_loss, 1),
    (replace_card, 1),
)


BY_PIN: Final[tuple[tuple[Errand, int], ...]] = ((pay_by_pin, 15),)


def pack(chance: Random, *, pins: bool) -> Pack[Errand]:
    """`pins`: with payments by PIN."""
    wanted = (*ERRANDS, *BY_PIN) if pins else ERRANDS
    return Pack([errand for errand, weight in wanted for _ in range(weight)], chance)


def _some_amount(chance: Random, member: MemberView) -> int:
    """Mostly what he has, sometimes a little more."""
    most = max(100, member.balance_minor + (500 if chance.random() < 0.1 else 0))
    return chance.randint(1, min(most, chance.choice((3_000, 8_000, 20_000, 40_000))))


def _redeem(visit: Visit, member_id: MemberId, amount_minor: int) -> Done:
    lines = lines_of(visit.chance, amount_minor)
    visit.again = lambda later: later.act(lambda counter, action: counter.redeem(action, member_id, lines, True))
    return visit.again(visit)
