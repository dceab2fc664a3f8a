"""Errands of money that leaves and of cards: cash-outs asked for, paid and rejected, deposits ended, cards lost and replaced."""

from typing import Final

from stored_value.identity import MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import WalletStatus
from terminal.counter.views import Completed, MemberView
from terminal.counter.views_money_out import CashOutQuote, DepositView, WaitingCashOut
from tongchu.simulation.errands_newcomers import newcomer, take_deposit_of, top_up_of
from tongchu.simulation.visits import Done, Visit

_CYCLES_TO_BE_KNOWN: Final = 3
"""One brings what he paid, one the lease that is granted of it, one says that it was taken."""
_BY_WHAT_HE_HAS: Final = frozenset({RefusalCode.NOTHING_TO_CASH_OUT, RefusalCode.RESERVED_ELSEWHERE})


def ask_cash_out(visit: Visit) -> Done:
    """Half wait for their money, the others come back for it. Where nothing may be paid out, a newcomer tops up and regrets it."""
    member = visit.member()
    if member is None:
        return None
    quote = _quote(visit, member)
    if isinstance(quote, Refusal) and quote.code in _BY_WHAT_HE_HAS and (regrets := _tops_up(visit)) is not None:
        member, quote = regrets, _quote(visit, regrets)
    if not isinstance(quote, CashOutQuote):
        return quote
    answer = visit.act(lambda counter, action: counter.request_cash_out(action, quote, "搬家"))
    if isinstance(answer, Completed) and visit.chance.random() < 0.5:
        visit.machine.sync()
        return _settle(visit, member.member_id)
    return answer


def _tops_up(visit: Visit) -> MemberView | None:
    """A newcomer. Head office then knows of him, and of the lease that it grants at once."""
    member = newcomer(visit)[1]
    if member is None or not visit.machine.at_work():
        return None
    if not isinstance(top_up_of(visit, member), Completed) or not visit.machine.at_work():
        return None
    visit.machine.print_out()
    for _ in range(_CYCLES_TO_BE_KNOWN):
        visit.machine.sync()
    return member


def _quote(visit: Visit, member: MemberView) -> CashOutQuote | Refusal | None:
    return visit.machine.do(lambda: visit.machine.counter.quote_cash_out(member.member_id))


def settle_cash_out(visit: Visit) -> Done:
    member = visit.member()
    if member is None:
        return None
    return _settle(visit, member.member_id)


def _settle(visit: Visit, member_id: MemberId) -> Done:
    """Paid by the original tenders, or the member thinks better of it."""
    waiting = visit.machine.do(lambda: visit.machine.counter.waiting_cash_out(member_id))
    if waiting is None or isinstance(waiting, Refusal):
        return waiting
    assert isinstance(waiting, WaitingCashOut)
    request_id, back = waiting.asked.request_id, waiting.goes_back
    if not back or visit.chance.random() < 0.3:
        return visit.act(lambda counter, action: counter.reject_cash_out(action, member_id, request_id, "改主意"))
    return visit.act(lambda counter, action: counter.pay_cash_out(action, member_id, request_id, back))


def end_deposit(visit: Visit) -> Done:
    """Returned as it came, or a part of it is kept. Whoever left none leaves one and thinks better of it."""
    member = visit.member()
    if member is None:
        return None
    ours = _deposits_here(visit, member.member_id)
    if not ours and isinstance(take_deposit_of(visit, member.member_id), Completed) and visit.machine.at_work():
        visit.machine.print_out()
        ours = _deposits_here(visit, member.member_id)
    if not ours:
        return None
    deposit = ours[0]
    if deposit.left_minor < deposit.original_minor or visit.chance.random() < 0.3:
        part = visit.chance.randint(1, deposit.left_minor)
        return visit.act(lambda counter, action: counter.keep_deposit(action, deposit.deposit_id, part, "损坏"))
    back = deposit.tenders
    return visit.act(lambda counter, action: counter.return_deposit(action, deposit.deposit_id, back))


def _deposits_here(visit: Visit, member_id: MemberId) -> list[DepositView]:
    held = visit.machine.do(lambda: visit.machine.counter.deposits(member_id))
    if held is None or isinstance(held, Refusal):
        return []
    return [each for each in held if each.here and each.left_minor]


def report_loss(visit: Visit) -> Done:
    member = visit.member()
    if member is None or member.card_issue > 1:
        return None
    return _report_loss(visit, member.member_id)


def _report_loss(visit: Visit, member_id: MemberId) -> Done:
    return visit.act(lambda at, action: at.change_status(action, member_id, WalletStatus.LOST, "会员来电"))


def replace_card(visit: Visit) -> Done:
    """For whoever lost his, found by his number; he may only now say that it is lost."""
    found = visit.machine.do(lambda: visit.machine.counter.find_member(visit.some_customer().member_no))
    if not found or isinstance(found, Refusal):
        return None
    member = found[0]
    if member.status is WalletStatus.ACTIVE and member.card_issue == 1:
        if not isinstance(_report_loss(visit, member.member_id), Completed) or not visit.machine.at_work():
            return None
        visit.machine.print_out()
    elif member.status is not WalletStatus.LOST:
        return None
    return visit.act(lambda counter, action: counter.replace_card(action, member.member_id))
