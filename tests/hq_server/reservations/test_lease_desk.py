"""Who gets no lease, or not now: a till that would leave it out again, that is out of work or in a machine that nobody knows, a member who may spend nothing (L5, H6); and what
silent tills count as holding (H1)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hq_server.database.engine import WriteSession
from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.reservations.lease_desk import VISITED_WITHIN, _carry_out, _plans
from hq_server.reservations.recalls import leases_needed
from hq_server.sessions.epochs import begin_epoch
from hq_server.terminals.standing import Standing, confirm_machine, revoke, stop
from hq_server.wallets.guarded import Stamp, locked_wallet
from hq_server.wallets.scope import leave_scope
from stored_value.identity import EventId, MemberId, StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy
from stored_value.refusals import RefusalCode
from stored_value.wallet import WalletStatus
from tests.hq_server.own_journal.miniature import unnoted
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
    only,
    state_of,
    wallet_of,
)
from tests.hq_server.reservations.test_leases import POLICY, accept, give_back, granted, leased, live, look_again
from tests.hq_server.served import ServedHq
from tests.waiting import until


@pytest.fixture(autouse=True)
def policy(hq: ServedHq) -> None:
    lease_policy(hq, POLICY)


def test_a_till_that_leaves_a_lease_out_is_not_offered_the_next_one_at_once(hq: ServedHq) -> None:
    """Its clock is days ahead, say, and the lease seems over to it: the two would go on for ever."""
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    till.report()
    (grant,) = granted(till)
    till.grants = grant.number
    till.report()
    assert state_of(hq, grant.lease_id) == "released"
    look_again(hq, member)
    assert (till.pushing.client.grants(1).grants, kept(hq, member)) == ((), {})
    hq.clock.pass_(minutes=11)
    till.pushing.open_session()
    look_again(hq, member)
    assert [each.number for each in granted(till, after=1)] == [2]
    nothing_differs(hq)


def renewed(till: ReservingTill, member: MemberId) -> None:
    """The lease past half its life comes back, and what is offered next is taken if it is this till's."""
    hq = till.hq
    hq.clock.pass_(hours=37)
    till.pushing.open_session()
    till.report()
    hq.office.leases.look_for_renewals()
    hq.office.leases.drain()
    (old,) = till.open
    until(lambda: only(hq, member).recalled, what="the recall")
    give_back(till, member, old, only(hq, member).amount_minor)
    till.report()


def test_renewals_are_nobodys_visits(hq: ServedHq) -> None:
    """A lease comes and goes by itself more often than people do: by that its till would stay the one that the member uses most."""
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member, _ = leased(here)
    renewed(here, member)
    there.pushing.open_session()
    for _ in range(3):
        there.pay(member, 100)
    there.report()
    look_again(hq, member)
    (first,) = granted(here, after=1)
    accept(here, first)
    here.report()
    renewed(here, member)
    look_again(hq, member)
    assert only(hq, member).terminal_id == there.terminal_id
    nothing_differs(hq)


def test_who_never_comes_costs_his_till_no_leases(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member, _ = leased(till)
    hq.clock.pass_(days=VISITED_WITHIN.days - 1)
    renewed(till, member)
    look_again(hq, member)
    assert kept(hq, member) == {}, "asked back, and not granted anew"
    till.pay(member, 100)
    till.report()
    assert len(granted(till, after=1)) == 1
    nothing_differs(hq)


def test_a_lease_is_asked_back_of_a_till_that_can_be_reached_before_a_larger_one(hq: ServedHq) -> None:
    near, far = ReservingTill(hq), ReservingTill(hq, "S02")
    lease_policy(hq, LeasePolicy(tills_max=2, amount_minor=5_000, share_percent=50, from_minor=1_000))
    member = member_with(far, 10_000)
    far.report()
    (large,) = granted(far)
    accept(far, large)
    far.report()
    near.pay(member, 100)
    near.report()
    (small,) = granted(near)
    wallet = wallet_of(hq, member)
    for reached, wanted in ((near.terminal_id, small), (far.terminal_id, large)):
        needed = leases_needed(wallet, 1_000, TerminalId("S03-T1"), reachable=reached.__eq__)
        assert [each.reservation_id for each in needed] == [wanted.lease_id]


@pytest.mark.parametrize("meanwhile", [revoke, stop])
def test_a_till_that_is_out_of_work_when_its_lease_is_written_gets_none(
    hq: ServedHq, meanwhile: Callable[[WriteSession, TerminalId, str], Standing]
) -> None:
    """It would never report, and the money would wait for somebody to write it off."""
    till = ReservingTill(hq)
    lease_policy(hq, LeasePolicy(tills_max=0))
    member = member_with(till, 10_000)
    till.report()
    lease_policy(hq, POLICY)
    with hq.database.look() as session:
        plans = _plans(session, [member], POLICY, hq.clock.at)
    assert list(plans) == [member]
    with hq.database.write() as session:
        assert meanwhile(session, TerminalId(till.terminal_id), "被盗") is Standing.CHANGED
    with hq.database.write() as session:
        rulebooks = hq.office.rulebooks.all(session)
        assert _carry_out(session, plans, rulebooks, Stamp(hq.clock.at, hq.office.keys.random)) == []
    assert kept(hq, member) == {}


def test_h6_a_till_in_a_machine_that_nobody_has_confirmed_gets_no_lease(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    lease_policy(hq, LeasePolicy(tills_max=0))
    member = member_with(till, 10_000)
    till.report()
    lease_policy(hq, POLICY)
    for machine in ("machine-1", "machine-2"):
        till.pushing.open_session(machine=machine)
    look_again(hq, member)
    assert kept(hq, member) == {}
    with hq.database.write() as session:
        confirm_machine(session, TerminalId(till.terminal_id))
    look_again(hq, member)
    assert list(kept(hq, member).values()) == [3_000]


def test_the_leases_of_a_member_who_is_frozen_are_asked_back(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member, grant = leased(till)
    wish = StandingWish(request_id=EventId(hq.new_id()), member_id=member, status=WalletStatus.FROZEN, reason="挂失")
    assert change_status(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted) is None
    look_again(hq, member)
    assert only(hq, member).recalled
    assert live(till).recalls == (grant.lease_id,)
    give_back(till, member, grant.lease_id, 3_000)
    till.report()
    look_again(hq, member)
    assert kept(hq, member) == {}


def test_h1_a_silent_till_counts_as_holding_the_most_that_was_leased_since_its_last_report(hq: ServedHq) -> None:
    """Whatever head office leases now that it was restored: the till may have what the rules gave before."""
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    lease_policy(hq, replace(POLICY, from_minor=10**9))
    member = member_with(here, 10_000)
    there.hold(member, 1_000)
    there.open.clear()
    for till in (here, there):
        till.report()
    hq.clock.pass_(hours=1)
    with hq.database.write() as session:
        begin_epoch(session, here.pushing.epoch, now=hq.clock.at)
    lease_policy(hq, LeasePolicy(tills_max=0))
    hq.clock.pass_(seconds=2)
    there.pushing.open_session()
    there.grants = 0
    there.report()
    _, refused = there.hold(member, 10_000)
    assert (refused.refusal, refused.data["available_minor"]) == (RefusalCode.RESERVED_ELSEWHERE, 7_000)
    here.pushing.open_session()
    here.grants = 0
    here.report()
    assert there.hold(member, 10_000)[1].refusal == ""


def test_a_till_of_a_store_that_the_member_has_left_gets_no_lease_however_much_it_was_used(hq: ServedHq) -> None:
    """It does not know him any more and would leave it out; his money goes where he goes now."""
    before, now = ReservingTill(hq), ReservingTill(hq, "S02")
    lease_policy(hq, LeasePolicy(tills_max=0))
    member = member_with(before, 10_000)
    now.pay(member, 100)
    for till in (before, now):
        till.report()
    with hq.database.write() as session:
        wallet = locked_wallet(session, member)
        assert wallet is not None
        leave_scope(session, wallet, StoreId("S01"), Stamp(hq.clock.at, hq.office.keys.random))
    lease_policy(hq, POLICY)
    look_again(hq, member)
    assert only(hq, member).terminal_id == now.terminal_id
