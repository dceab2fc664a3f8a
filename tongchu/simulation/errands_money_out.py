"""Errands of money that leaves and of cards: cash-outs asked for, paid and rejected, deposits taken and ended, cards lost and replaced."""

from stored_value.refusals import Refusal
from stored_value.wallet import WalletStatus
from terminal.counter.views_money_out import CashOutQuote, WaitingCashOut
from tongchu.simulation.visits import Done, Visit

_DEPOSIT_MINOR = 20_000


def ask_cash_out(visit: Visit) -> Done:
    member = visit.member()
    if member is None:
        return None
    quote = visit.machine.do(lambda: visit.machine.counter.quote_cash_out(member.member_id))
    if not isinstance(quote, CashOutQuote):
        return quote
    return visit.act(lambda counter, action: counter.request_cash_out(action, quote, "搬家"))


def settle_cash_out(visit: Visit) -> Done:
    """Paid by the original tenders, or the member thinks better of it."""
    member = visit.member()
    if member is None:
        return None
    waiting = visit.machine.do(lambda: visit.machine.counter.waiting_cash_out(member.member_id))
    if waiting is None or isinstance(waiting, Refusal):
        return waiting
    assert isinstance(waiting, WaitingCashOut)
    request_id, back = waiting.asked.request_id, waiting.goes_back
    if not back or visit.chance.random() < 0.3:
        return visit.act(
            lambda counter, action: counter.reject_cash_out(action, member.member_id, request_id, "改主意")
        )
    return visit.act(lambda counter, action: counter.pay_cash_out(action, member.member_id, request_id, back))


def take_deposit(visit: Visit) -> Done:
    member = visit.member()
    if member is None:
        return None
    tenders = visit.tenders(_DEPOSIT_MINOR)
    return visit.act(lambda counter, action: counter.take_deposit(action, member.member_id, tenders, "轮椅"))


def end_deposit(visit: Visit) -> Done:
    """Returned as it came, or a part of it is kept."""
    member = visit.member()
    if member is None:
        return None
    held = visit.machine.do(lambda: visit.machine.counter.deposits(member.member_id))
    if held is None or isinstance(held, Refusal):
        return held
    ours = [each for each in held if each.here and each.left_minor]
    if not ours:
        return None
    deposit = ours[0]
    if deposit.left_minor < deposit.original_minor or visit.chance.random() < 0.3:
        part = visit.chance.randint(1, deposit.left_minor)
        return visit.act(lambda counter, action: counter.keep_deposit(action, deposit.deposit_id, part, "损坏"))
    back = deposit.tenders
    return visit.act(lambda counter, action: counter.return_deposit(action, deposit.deposit_id, back))


def report_loss(visit: Visit) -> Done:
    member = visit.member()
    if member is None or member.card_issue > 1:
        return None
    return visit.act(lambda at, action: at.change_status(action, member.member_id, WalletStatus.LOST, "会员来电"))


def replace_card(visit: Visit) -> Done:
    """For whoever lost his, found by his number."""
    found = visit.machine.do(lambda: visit.machine.counter.find_member(visit.some_customer().member_no))
    if not found or isinstance(found, Refusal) or found[0].status is not WalletStatus.LOST:
        return None
    member_id = found[0].member_id
    return visit.act(lambda counter, action: counter.replace_card(action, member_id))
