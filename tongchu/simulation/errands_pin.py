"""The errand of a member who pays by his payment PIN 支付密码: set with the card, typed without it, above what the card pays in a day, offline too; the wrong one now and then."""

import hashlib
from typing import Final

from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from sync.payment_pins import PAYMENT_PIN_DIGITS, is_weak
from terminal.counter import Counter
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView
from tongchu.simulation.visits import Done, Visit, lines_of

CARD_DAY_MINOR: Final = 30_000
_MOST_MINOR: Final = 40_000
_BROUGHT_MINOR: Final = 50_000
_ANOTHER: Final = "730516"


def pay_by_pin(visit: Visit) -> Done:
    """One member, so that he comes to tills that know his PIN already, with a line and without. When he has less than the card pays in a day he brings more, when he has no PIN he
    sets one; now and then he mistypes it, or chooses another."""
    found = visit.member(min(visit.customers, key=lambda each: each.member_no))
    if found is None:
        return None
    member_id = found.member_id
    if found.balance_minor <= CARD_DAY_MINOR:
        tenders = visit.tenders(_BROUGHT_MINOR)
        brought = visit.act(lambda counter, action: counter.top_up(action, member_id, _BROUGHT_MINOR, tenders, None))
        if not _goes_on(visit, brought):
            return brought
    first = pin_of(member_id) if visit.chance.random() < 0.7 else wrong_of(member_id)
    answer = _pays(visit, member_id, first)
    if isinstance(answer, Refusal) and answer.code is RefusalCode.PAYMENT_PIN_NOT_SET:
        if not _goes_on(visit, _sets(visit, member_id)):
            return answer
        visit.machine.sync()
        answer = _pays(visit, member_id, first)
    if isinstance(answer, Refusal) and answer.code is RefusalCode.PAYMENT_PIN_WRONG and visit.machine.at_work():
        return _pays(visit, member_id, pin_of(member_id))
    if visit.chance.random() < 0.3 and _goes_on(visit, answer):
        _changes(visit, member_id)
    return answer


def _goes_on(visit: Visit, answer: Done) -> bool:
    if not isinstance(answer, Completed) or not visit.machine.at_work():
        return False
    visit.machine.print_out()
    return True


def pin_of(member_id: MemberId) -> str:
    """What he always chooses."""
    digits = str(int(hashlib.sha256(member_id.encode()).hexdigest(), 16))[-PAYMENT_PIN_DIGITS:]
    return _ANOTHER if is_weak(digits) else digits


def wrong_of(member_id: MemberId) -> str:
    return pin_of(member_id)[::-1] if pin_of(member_id)[::-1] != pin_of(member_id) else "918273"


def _pays(visit: Visit, member_id: MemberId, pin: str) -> Done:
    """Above what the card pays in a day, where he has so much and the till may take it."""
    machine = visit.machine
    member = machine.counter.member(member_id)
    if not isinstance(member, MemberView):
        return None
    most = max(1, min(member.balance_minor if machine.online else member.spendable_now_minor, _MOST_MINOR))
    amount = visit.chance.randint(CARD_DAY_MINOR + 1, most) if most > CARD_DAY_MINOR else visit.chance.randint(1, most)
    lines = lines_of(visit.chance, amount)

    def pay(counter: Counter, action: EventId) -> Completed | Refusal:
        proven = _typed(visit, counter, action, member_id, pin)
        if isinstance(proven, Refusal):
            return proven
        return counter.redeem(action, member_id, lines, False, proven=proven)

    answer = visit.act(pay)
    if isinstance(answer, Completed):
        machine.count("paid by PIN offline" if answer.provisional else "paid by PIN online")
        if answer.amount_minor > CARD_DAY_MINOR:
            machine.count("paid by PIN above the card's day")
    elif isinstance(answer, Refusal) and answer.code is RefusalCode.PAYMENT_PIN_WRONG:
        machine.count("wrong PIN typed")
    return answer


def _sets(visit: Visit, member_id: MemberId) -> Done:
    answer = visit.act(lambda counter, action: counter.set_pin(action, member_id, pin_of(member_id), static_card=True))
    if isinstance(answer, Completed):
        visit.machine.count("payment PIN set")
    return answer


def _changes(visit: Visit, member_id: MemberId) -> Done:
    """To the same digits: the key that proves it is another one."""

    def change(counter: Counter, action: EventId) -> Completed | Refusal:
        proven = _typed(visit, counter, action, member_id, pin_of(member_id))
        if isinstance(proven, Refusal):
            return proven
        return counter.set_pin(action, member_id, pin_of(member_id), static_card=False, proven=proven)

    answer = visit.act(change)
    if isinstance(answer, Completed):
        visit.machine.count("payment PIN changed")
    return answer


def _typed(visit: Visit, counter: Counter, action: EventId, member_id: MemberId, pin: str) -> ProvenMember | Refusal:
    """The watch knows who typed his own."""
    proven = counter.prove(action, member_id, pin)
    if not isinstance(proven, Refusal) and pin == pin_of(member_id):
        visit.watch.typed.add(action)
    return proven
