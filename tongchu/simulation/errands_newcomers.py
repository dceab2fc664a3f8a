"""Errands of whoever comes with something: enrolment, top-ups by tenders with or without a plan, deposits for things lent."""

from typing import Final

from stored_value.identity import MemberId
from terminal.counter.views import Completed, MemberView
from tongchu.simulation.visits import Customer, Done, Visit

_DEPOSIT_MINOR: Final = 20_000
ENROLLED_AS: Final = "韩梅梅"


def enrol(visit: Visit) -> Done:
    """A newcomer, sometimes with a phone that somebody has already."""
    return newcomer(visit)[0]


def newcomer(visit: Visit) -> tuple[Done, MemberView | None]:
    """What the counter answered, and whom it then knows."""
    if not visit.phones or visit.chance.random() < 0.9:
        visit.phones.append(13_700_000_000 + visit.chance.randrange(100_000_000))
    phone = str(visit.chance.choice(visit.phones[-3:]))
    done = visit.act(lambda counter, action: counter.enrol_member(action, ENROLLED_AS, phone))
    if isinstance(done, Completed) and done.member_id is not None:
        member = visit.machine.counter.member(done.member_id)
        if isinstance(member, MemberView):
            visit.customers.insert(visit.chance.randrange(8), Customer(member.member_no, visit.machine.store_id))
            return done, member
    return done, None


def top_up(visit: Visit) -> Done:
    member = visit.member()
    return None if member is None else top_up_of(visit, member)


def top_up_of(visit: Visit, member: MemberView) -> Done:
    amount = visit.chance.choice((3_000, 5_000, 10_000, 10_000, 20_000, 30_000, 100_000))
    plans = [plan.promotion_id for plan in visit.machine.counter.plans() if plan.pay_minor == amount]
    plan = plans[0] if plans and visit.chance.random() < 0.8 else None
    tenders = visit.tenders(amount)
    return visit.act(lambda counter, action: counter.top_up(action, member.member_id, amount, tenders, plan))


def take_deposit(visit: Visit) -> Done:
    member = visit.member()
    return None if member is None else take_deposit_of(visit, member.member_id)


def take_deposit_of(visit: Visit, member_id: MemberId) -> Done:
    tenders = visit.tenders(_DEPOSIT_MINOR)
    return visit.act(lambda counter, action: counter.take_deposit(action, member_id, tenders, "轮椅"))
