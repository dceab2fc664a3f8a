"""The store as adversary (H8): its till is in hands that sign what no member did. It costs the store, not the member, and whoever settles with the store sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.ingest.rebuild import differences
from hq_server.own_journal.place import Moment
from hq_server.own_journal.runs import run_day
from hq_server.own_journal.suspense import DecisionWish, decide_suspense
from hq_server.settlement.explanation import explained_total
from hq_server.settlement.figures import Figure, FigureName
from hq_server.settlement.service import day_settlement
from stored_value.events_money_out import (
    MovedValue,
    SuspenseVerdict,
    TransferPurpose,
    TransferredIn,
    TransferredOut,
)
from stored_value.identity import EventId, LotId, MemberId, StoreId, named_id
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.refusals import RefusalCode
from stored_value.wallet import ValueKind
from terminal.counter.views import Completed
from tests.hq_server.served import TODAY, PushingTill
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import refused

pytestmark = pytest.mark.slow
ALLOWED = RiskAllowance(payment_minor=3_000, member_minor=5_000, till_minor=8_000)
TENANT = StoreId("S02")


def in_strange_hands(franchise: Franchise) -> PushingTill:
    """A key that head office trusts, and a program that asks nobody and never reports."""
    till = franchise.hq.till(TENANT)
    till.rulebook = 2
    return till


def sign(till: PushingTill, member: MemberId, amount_minor: int) -> None:
    """Claims a pay code."""
    till.redeem(member, amount_minor)
    till.push()


def test_h8_what_no_member_did_is_the_stores_and_settlement_withholds_it(franchise: Franchise) -> None:
    """Three members with 1,250 each. The thief gets 60 out of their wallets, within his 80, however often he tries; 2,820 are the store's suspense."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=ALLOWED))
    honest = franchise.till("S01-T1")
    robbed = [member_of("S01", place) for place in range(3)]
    for member in robbed:
        honest.top_up(member, 100_000, "plan-1000")
    honest.sync()
    before = franchise.books.balances()
    thief = in_strange_hands(franchise)
    for amount in (90_000, 3_000, 3_000):
        for member in robbed:
            sign(thief, member, amount)
    after = franchise.books.balances()
    lost = [before[member] - after[member] for member in robbed]
    assert (lost, sum(lost)) == ([3_000, 3_000, 0], 6_000)
    assert sum(lost) <= ALLOWED.till_minor
    with franchise.hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "risk_exceeded")).all()
        settled = day_settlement(session, TODAY, TODAY)
        own = settled.store(TENANT)
        assert own is not None
        figure = Figure(name=FigureName.SUSPENSE, from_date=TODAY, to_date=TODAY, store_id=TENANT)
        assert explained_total(session, figure).amount_minor == own.suspense_minor
        assert list(differences(session)) == []
    assert {(each.kind, each.terminal_id, each.state) for each in found} == {("limit", thief.terminal_id, "open")}
    assert (own.suspense_minor, own.withheld_minor) == (282_000, 282_000)
    assert (own.net_due_minor, own.payable_minor) == (6_000, 6_000)
    assert settled.is_balanced
    for member in robbed:
        assert honest.member(member).balance_minor == before[member], "not heard of yet"
    honest.sync()
    assert [honest.member(member).balance_minor for member in robbed] == [after[member] for member in robbed]


def test_h8_the_allowance_is_the_most_that_a_till_which_never_reports_can_overdraw(franchise: Franchise) -> None:
    """Two tenants and empty wallets: what they get the members to owe is what the page of exposure said."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=ALLOWED))
    thieves = [in_strange_hands(franchise) for _ in range(2)]
    for thief in thieves:
        for place in range(4):
            for _ in range(3):
                sign(thief, member_of("S01", place), 2_500)
    owed = franchise.books.rows("SELECT sum(receivable_minor) FROM wallets")
    assert owed == [(15_000,)]
    assert owed[0][0] <= len(thieves) * ALLOWED.till_minor


def test_h8_a_till_that_heard_nothing_for_the_hours_takes_nothing_at_risk(franchise: Franchise) -> None:
    """It was kept from head office for 30 hours and went on all the same: by head office's own signed time in its entries."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=ALLOWED))
    honest, wang = franchise.till("S01-T1"), member_of("S01")
    honest.top_up(wang, 100_000, "plan-1000")
    honest.sync()
    before = franchise.books.balances()[wang]
    thief = in_strange_hands(franchise)
    thief.redeem(wang, 1_000)
    franchise.pass_time(hours=30)
    thief.redeem(wang, 2_000)
    thief.open_session()
    thief.push()
    assert franchise.books.findings(thief.terminal_id) == {2: ("risk_exceeded",)}
    assert franchise.books.balances()[wang] == before - 1_000
    with franchise.hq.database.read() as session:
        told = select(ExceptionRecord.terminal_id).where(ExceptionRecord.code == "risk_exceeded")
        assert session.scalars(told).all() == [thief.terminal_id]
        assert list(differences(session)) == []


@pytest.mark.parametrize(
    ("clock_off_h", "jump_h", "restarts"),
    [(0, 0, False), (0, 0, True), (-5, 30, False), (5, -30, True), (5, 0, False), (0, -30, True)],
)
def test_an_honest_till_is_never_blamed_for_the_hours(
    franchise: Franchise, clock_off_h: int, jump_h: int, *, restarts: bool
) -> None:
    """Whatever its clock shows and however it is set meanwhile, it is started again, and its push is long in coming: what it takes at risk head office stands for."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=ALLOWED))
    till, wang = franchise.till("S01-T1"), member_of("S01")
    till.top_up(wang, 100_000, "plan-1000")
    till.sync()
    clock = franchise.clocks["S01-T1"]
    till.unplug()
    clock.set_wall(clock.now() + timedelta(hours=clock_off_h))
    paid = 0
    for hours in (0, 10, 12, 1, 1, 8):
        franchise.pass_time(hours=hours)
        if hours == 12:
            clock.set_wall(clock.now() + timedelta(hours=jump_h))
            if restarts:
                till.restart(till.url)
                till.begin_shift()
        paid += isinstance(till.try_to_redeem(wang, 100), Completed)
    assert paid
    franchise.pass_time(hours=50)
    till.sync()
    assert "risk_exceeded" not in {code for told in franchise.books.findings("S01-T1").values() for code in told}
    if not clock_off_h and not jump_h:
        assert paid == 4


def test_h8_a_stolen_till_neither_makes_value_nor_sweeps_a_wallet_into_another(franchise: Franchise) -> None:
    """It writes as head office does: 3,000 for an accomplice at another store's cost, and the merge of a member with 1,250 into him, which head office's run would finish."""
    honest = franchise.till("S01-T1")
    victim, accomplice = member_of("S01"), member_of("S02")
    honest.top_up(victim, 100_000, "plan-1000")
    honest.sync()
    before = franchise.books.balances()
    thief = in_strange_hands(franchise)
    made = MovedValue(
        kind=ValueKind.PRINCIPAL,
        lot_id=LotId("out-of-nothing"),
        store_id=StoreId("S01"),
        source_id=EventId("nowhere"),
        amount_minor=300_000,
        acquired_on=TODAY,
        rulebook=1,
    )
    thief.write(
        TransferredIn(
            occasion=thief.occasion(),
            member_id=accomplice,
            transfer_id=EventId("t1"),
            from_member_id=victim,
            purpose=TransferPurpose.MEMBER,
            amount_minor=300_000,
            moved=(made,),
        )
    )
    thief.write(
        TransferredOut(
            occasion=thief.occasion(),
            member_id=victim,
            transfer_id=EventId("t2"),
            to_member_id=accomplice,
            purpose=TransferPurpose.MERGE,
            amount_minor=0,
            moved=(),
        )
    )
    thief.push()
    run_day(franchise.hq.office.desk, Moment.at(franchise.hq.clock.at))
    assert franchise.books.balances() == before
    honest.sync()
    assert refused(honest.try_to_redeem(accomplice, 100)) is RefusalCode.BALANCE_TOO_LOW
    honest.redeem(victim, 30_000)
    honest.sync()
    assert franchise.books.findings("S01-T1") == {}
    assert franchise.books.findings(thief.terminal_id) == {1: ("not_a_tills_kind",), 2: ("not_a_tills_kind",)}
    with franchise.hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "not_a_tills_kind")).all()
        assert [(each.kind, each.store_id) for each in found] == [("till", TENANT)] * 2
        assert list(differences(session)) == []


def test_a_till_that_takes_what_it_may_has_nothing_to_answer_for(franchise: Franchise) -> None:
    """Online by holds; offline up to the allowance, which begins anew with each report."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), top_up_spendable=False, risk=ALLOWED))
    till, wang = franchise.till("S01-T1"), member_of("S01")
    till.top_up(wang, 100_000, "plan-1000")
    till.sync()
    for _ in range(2):
        till.redeem(wang, 7_500)
        till.unplug()
        for amount in (3_000, 2_000):
            till.redeem(wang, amount)
        assert refused(till.try_to_redeem(wang, 1)) is RefusalCode.OFFLINE_LIMIT
        till.sync()
    assert franchise.books.findings("S01-T1") == {}
    assert franchise.books.balances()[wang] == 100_000


def test_h8_a_person_decides_and_every_till_hears_of_it(franchise: Franchise) -> None:
    """Of two payments nobody proved, the first was the member's doing: his lots pay it and S01 owes it to S02; the second is the tenant's loss."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=RiskAllowance()))
    honest = franchise.till("S01-T1")
    wang, li = member_of("S01"), member_of("S01", 1)
    for member in (wang, li):
        honest.top_up(member, 100_000, "plan-1000")
    honest.sync()
    before = franchise.books.balances()
    thief = in_strange_hands(franchise)
    paid = {member: thief.redeem(member, 6_000).occasion.event_id for member in (wang, li)}
    thief.push()
    moment = Moment.at(franchise.hq.clock.at)
    for member, verdict in ((wang, SuspenseVerdict.MEMBER), (li, SuspenseVerdict.STORE)):
        wish = DecisionWish(
            wish_id=EventId(named_id("wish", member)),
            member_id=member,
            payment_id=paid[member],
            verdict=verdict,
            reason="门店监控录像",
        )
        assert decide_suspense(franchise.hq.office.desk, moment, wish, lambda _: None) is None
    honest.sync()
    for member, cost in ((wang, 6_000), (li, 0)):
        assert franchise.books.balances()[member] == before[member] - cost
        assert honest.member(member).balance_minor == before[member] - cost
    with franchise.hq.database.read() as session:
        settled = day_settlement(session, TODAY, TODAY)
        assert list(differences(session)) == []
    own = settled.store(TENANT)
    assert own is not None
    assert (own.in_suspense_minor, own.withheld_minor, own.net_due_minor) == (0, 0, 6_000)
    assert settled.is_balanced
