"""Leases: to the till that the member uses most, in the order of their numbers, once; asked back when another store needs them; forgotten by no restore (L5, H1-H3, H9)."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from hq_server.reservations.lease_desk import LEASE_PAUSE
from hq_server.sessions.epochs import begin_epoch
from stored_value.events_reservation import LeaseAccepted, LeaseReturned
from stored_value.findings import FindingCode
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy
from stored_value.refusals import RefusalCode
from stored_value.reservation_records import ReservationId
from sync.client import HqClient
from sync.grants import Grant
from sync.live import LiveRequest, News
from sync.messages import HoldReply, HoldRequest
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
from tests.hq_server.served import ANY_RISK, ServedHq
from tests.waiting import until

POLICY = LeasePolicy(tills_max=1, amount_minor=3_000, share_percent=50, from_minor=1_000, valid_hours=72)


@pytest.fixture(autouse=True)
def policy(hq: ServedHq) -> None:
    lease_policy(hq, POLICY)


def granted(till: ReservingTill, after: int = 0) -> tuple[Grant, ...]:
    """What is offered once the lease desk has looked."""
    till.hq.office.leases.drain()
    until(lambda: till.pushing.client.grants(after).grants, what="a grant")
    return till.pushing.client.grants(after).grants


def look_again(hq: ServedHq, member_id: MemberId) -> None:
    """On this thread: what the desk's own is at is done by then as well, since both wait for the same locks."""
    hq.office.leases.look_at([member_id])


def accept(till: ReservingTill, grant: Grant) -> None:
    till.pushing.write(
        LeaseAccepted(
            occasion=till.pushing.occasion(),
            member_id=grant.member_id,
            lease_id=grant.lease_id,
            number=grant.number,
            amount_minor=grant.amount_minor,
            expires_at=grant.expires_at,
        )
    )
    till.grants = grant.number
    till.open.add(grant.lease_id)


def give_back(till: ReservingTill, member_id: MemberId, lease_id: str, amount_minor: int) -> None:
    till.pushing.write(
        LeaseReturned(
            occasion=till.pushing.occasion(),
            member_id=member_id,
            lease_id=ReservationId(lease_id),
            amount_minor=amount_minor,
        )
    )
    till.open.discard(lease_id)


def leased(till: ReservingTill, amount_minor: int = 10_000) -> tuple[MemberId, Grant]:
    member = member_with(till, amount_minor)
    till.report()
    (grant,) = granted(till)
    accept(till, grant)
    till.report()
    return member, grant


def live(till: ReservingTill, *returned: str, wait_s: float = 0.0, grants: int | None = None) -> News:
    cursors = {"global": 10**6, till.pushing.store_id: 10**6}
    known = LiveRequest(
        epoch=till.pushing.epoch,
        cursors=cursors,
        grants_after=till.grants if grants is None else grants,
        returned=tuple(ReservationId(each) for each in returned),
        wait_s=wait_s,
    )
    with HqClient(till.hq.url, timeout_s=30) as client:
        client.token = till.pushing.client.token
        return client.live(known)


@pytest.fixture
def listening() -> Iterator[list[threading.Thread]]:
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_the_till_that_the_member_uses_most_gets_one_lease_and_a_second_look_none(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    lease_policy(hq, LeasePolicy(tills_max=0))
    member = member_with(here, 10_000)
    for till in (there, there, there, there):
        till.pay(member, 100)
    there.report()
    lease_policy(hq, POLICY)
    hq.office.leases.touched([member])
    (grant,) = granted(there)
    assert (grant.number, grant.member_id, grant.amount_minor) == (1, member, 3_000)
    assert grant.expires_at == hq.clock.at + timedelta(hours=72)
    assert only(hq, member).terminal_id == there.terminal_id
    assert grant.version == wallet_of(hq, member).version
    for _ in range(2):
        look_again(hq, member)
    assert here.pushing.client.grants(0).grants == ()
    assert [each.number for each in there.pushing.client.grants(0).grants] == [1]
    assert there.pushing.client.grants(1).grants == ()
    nothing_differs(hq)


def test_a_till_that_has_never_reported_gets_no_lease(hq: ServedHq) -> None:
    till = ReservingTill(hq, reports=False)
    member = member_with(till, 10_000)
    look_again(hq, member)
    assert kept(hq, member) == {}
    till.pay(member, 100)
    till.report()
    assert len(granted(till)) == 1


def test_two_looks_at_once_grant_once(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    lease_policy(hq, LeasePolicy(tills_max=0))
    members = [member_with(till, 10_000)]
    till.report()
    lease_policy(hq, POLICY)
    threads = [threading.Thread(target=hq.office.leases.look_at, args=(members,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.number for each in till.pushing.client.grants(0).grants] == [1]
    assert list(kept(hq, members[0]).values()) == [3_000]
    nothing_differs(hq)


def test_a_lease_is_spent_by_entries_and_another_one_comes_when_it_is_used_up(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member, grant = leased(till)
    assert only(hq, member).accepted
    till.pay(member, 2_000, grant.lease_id, offline=True)
    till.report()
    assert kept(hq, member) == {grant.lease_id: 1_000}
    till.pay(member, 1_000, grant.lease_id, offline=True)
    till.open.discard(grant.lease_id)
    outcome = till.report().outcomes[-1]
    assert outcome.findings == ()
    (fresh,) = granted(till, after=1)
    assert (fresh.number, kept(hq, member)) == (2, {fresh.lease_id: 3_000})
    assert state_of(hq, grant.lease_id) == "settled"
    nothing_differs(hq)


def test_h2_a_report_that_crosses_a_grant_leaves_the_lease_and_one_past_it_closes_what_was_not_taken(
    hq: ServedHq,
) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    till.report()
    (grant,) = granted(till)
    till.pushing.push(head=till.reported_head())
    assert kept(hq, member) == {grant.lease_id: 3_000}, "the till had not seen the grant"
    till.report(grant_watermark=7)
    assert kept(hq, member) == {grant.lease_id: 3_000}, "nobody has seen a grant that was not made"
    lease_policy(hq, LeasePolicy(tills_max=0))
    till.grants = grant.number  # skipped: it had run out, say
    till.report()
    assert (kept(hq, member), state_of(hq, grant.lease_id)) == ({}, "released")
    nothing_differs(hq)


def test_what_is_leased_is_asked_back_for_another_store_and_comes_within_its_wait(
    hq: ServedHq, listening: list[threading.Thread]
) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member, grant = leased(here)
    assert live(here).recalls == ()
    heard: list[News] = []

    def answer() -> None:
        heard.append(live(here, wait_s=20))
        give_back(here, member, heard[0].recalls[0], 3_000)
        here.report()

    listening.append(threading.Thread(target=answer))
    listening[0].start()
    until(lambda: hq.office.news.waiting, what="the till to listen")
    wanted = there.request(member, 7_500)
    reply = there.send(patient(wanted))
    assert reply.refusal == ""
    assert heard[0].recalls == (grant.lease_id,)
    assert kept(hq, member) == {wanted.hold_id: 7_500}
    look_again(hq, member)
    assert kept(hq, member) == {wanted.hold_id: 7_500}, "no new lease so soon"
    nothing_differs(hq)


def patient(wanted: HoldRequest) -> HoldRequest:
    return structs.replace(wanted, wait_ms=5_000)


def test_a_recall_that_nobody_answers_is_refused_with_who_has_it_and_since_when(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member, grant = leased(here)
    hq.clock.pass_(minutes=5)
    reply: HoldReply = there.send(patient(there.request(member, 9_000)))
    assert reply.refusal == RefusalCode.RESERVED_ELSEWHERE
    assert (reply.data["available_minor"], reply.data["reserved_minor"]) == (7_000, 3_000)
    assert (reply.data["terminal"], reply.data["store"]) == (here.terminal_id, "S01")
    assert str(reply.data["last_seen"]) == (hq.clock.at - timedelta(minutes=5)).isoformat()
    assert only(hq, member).recalled
    assert live(here).recalls == (grant.lease_id,)
    assert live(here, grant.lease_id).recalls == (grant.lease_id,), "told, but no news: it is on its way"
    assert there.hold(member, 7_000)[1].refusal == "", "the smaller amount goes at once"
    give_back(here, member, grant.lease_id, 3_000)
    here.report()
    assert live(here).recalls == ()
    hq.clock.at += LEASE_PAUSE + timedelta(minutes=1)
    nothing_differs(hq)


def test_a_lease_past_half_its_life_is_asked_back_and_granted_anew(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member, grant = leased(till)
    hq.clock.pass_(hours=37)
    till.pushing.open_session()
    hq.office.leases.look_for_renewals()
    hq.office.leases.drain()
    until(lambda: only(hq, member).recalled, what="the recall")
    give_back(till, member, grant.lease_id, 3_000)
    till.report()
    (fresh,) = granted(till, after=1)
    assert fresh.expires_at == hq.clock.at + timedelta(hours=72)
    nothing_differs(hq)


def test_time_alone_frees_no_lease(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member, grant = leased(till)
    hq.clock.pass_(days=400)
    hq.office.leases.look_for_renewals()
    hq.office.leases.drain()
    assert kept(hq, member) == {grant.lease_id: 3_000}


def test_news_comes_at_once_when_there_is_some_and_after_the_wait_when_not(
    hq: ServedHq, listening: list[threading.Thread]
) -> None:
    till = ReservingTill(hq)
    member_with(till, 10_000)
    till.report()
    (grant,) = granted(till)
    assert live(till, wait_s=20).grants == grant.number
    till.grants = 1
    assert live(till, wait_s=0.05).grants == 1
    heard: list[News] = []
    listening.append(threading.Thread(target=lambda: heard.append(live(till, wait_s=20))))
    listening[0].start()
    until(lambda: hq.office.news.waiting, what="the till to listen")
    with hq.database.write() as session:
        began = begin_epoch(session, till.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.office.sequencer.look()
    listening[0].join(30)
    assert heard[0].epoch == began


def test_h3_an_offline_top_up_is_its_tills_until_it_gives_it_back(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    lease_policy(hq, LeasePolicy(tills_max=0))
    member = member_with(here, 2_000)
    top_up = here.pushing.top_up(member, 4_000)
    here.pushing.entries.pop()
    offline = replace(top_up, occasion=replace(top_up.occasion, offline=True))
    here.pushing.write(offline)
    here.open.add(offline.occasion.event_id)
    here.report()
    assert kept(hq, member) == {offline.occasion.event_id: 4_000}
    assert there.hold(member, 2_001)[1].refusal == RefusalCode.RESERVED_ELSEWHERE
    give_back(here, member, offline.occasion.event_id, 4_000)
    here.report()
    assert there.hold(member, 6_000)[1].refusal == ""
    nothing_differs(hq)


def test_h1_after_a_restore_silent_tills_count_as_holding_the_most_until_they_report(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 10_000)
    there.hold(member, 1_000)
    there.open.clear()
    here.report()
    there.report()
    with hq.database.write() as session:
        begin_epoch(session, here.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    lease_policy(hq, replace(POLICY, from_minor=10**9))
    there.pushing.open_session()
    _, refused = there.hold(member, 4_500)
    outstanding = sum(kept(hq, member).values())
    assert refused.refusal == RefusalCode.RESERVED_ELSEWHERE
    assert refused.data["available_minor"] == 10_000 - max(2 * 3_000, outstanding + 3_000)
    for till in (here, there):
        till.pushing.open_session()
        till.grants = 0
        till.report()
    assert there.hold(member, 10_000)[1].refusal == ""
    nothing_differs(hq)


def test_h1_a_lease_that_head_office_forgot_is_kept_again_when_its_entry_comes(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    lease_policy(hq, replace(POLICY, from_minor=10**9), risk=ANY_RISK)
    member = member_with(till, 10_000)
    till.report()
    forgotten = Grant(
        number=9,
        lease_id=ReservationId(hq.new_id()),
        member_id=member,
        version=3,
        amount_minor=3_000,
        expires_at=hq.clock.at + timedelta(hours=72),
    )
    accept(till, forgotten)
    till.pay(member, 1_000, forgotten.lease_id, "gone-too", offline=True)
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    anchor, till.pushing.anchor = till.pushing.anchor, None
    till.pushing.open_session()
    assert anchor is not None
    till.grants = 0
    outcomes = till.report().outcomes
    codes = [found.code for outcome in outcomes for found in outcome.findings]
    assert codes == [FindingCode.RESERVATION_FORGOTTEN], "the other one, which nobody signed"
    assert kept(hq, member) == {forgotten.lease_id: 2_000}
    till.pay(member, 1_000, "never-was")
    assert [found.code for found in till.report().outcomes[-1].findings] == [FindingCode.RESERVATION_UNKNOWN]
    till.open.discard(forgotten.lease_id)
    till.report()
    assert kept(hq, member) == {}
    nothing_differs(hq)
