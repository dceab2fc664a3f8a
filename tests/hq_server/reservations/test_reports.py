"""What a till's report frees, and what happens with it: debts are paid, and reports and pushes at the same instant never wait for each other in a ring (H2, H3, H5)."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from hq_server.database.models import WalletRecord
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy
from stored_value.refusals import RefusalCode
from sync.client import HqClient
from sync.errors import HqUnreachable, SyncError
from sync.messages import Push, PushReply, SignedHead
from tests.hq_server.recovery.test_holes import report_with_a_hole
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
    state_of,
    wallet_of,
)
from tests.hq_server.served import ANY_RISK, ServedHq
from tests.waiting import until


@pytest.fixture(autouse=True)
def no_leases(hq: ServedHq) -> None:
    lease_policy(hq, LeasePolicy(tills_max=0), risk=ANY_RISK)


def offline_top_up(till: ReservingTill, member: MemberId, amount_minor: int, reserved_minor: int) -> str:
    """Listed in the till's open set; its id is the lease's."""
    event = till.pushing.top_up(member, amount_minor)
    till.pushing.entries.pop()
    offline = replace(event.occasion, offline=True)
    till.pushing.write(replace(event, occasion=offline, reserved_minor=reserved_minor))
    till.open.add(offline.event_id)
    return offline.event_id


def owed(hq: ServedHq, member: MemberId) -> int:
    with hq.database.read() as session:
        return session.get_one(WalletRecord, member).receivable_minor


def test_h5_a_debt_is_not_paid_with_what_another_till_keeps_and_at_once_when_its_report_lets_go(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 1_000)
    there.pay(member, 6_000, offline=True)
    there.report()
    assert owed(hq, member) == 5_000
    lease = offline_top_up(here, member, 8_000, reserved_minor=8_000)
    here.report()
    assert (kept(hq, member), owed(hq, member)) == ({lease: 8_000}, 5_000)
    assert there.hold(member, 100)[1].refusal == RefusalCode.RESERVED_ELSEWHERE
    nothing_differs(hq)
    here.open.discard(lease)
    head = here.reported_head()
    for _ in range(2):
        here.pushing.push(head=head)
        assert (kept(hq, member), owed(hq, member), state_of(hq, lease)) == ({}, 0, "settled")
        assert wallet_of(hq, member).total_minor == 3_000
    nothing_differs(hq)
    assert there.hold(member, 3_000)[1].refusal == ""


def test_what_a_hold_gave_is_not_taken_from_an_offline_top_up_when_the_journals_are_done_again(hq: ServedHq) -> None:
    """How much the top-up keeps says how much of the next inflow pays what the member owes."""
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 10_000)
    wanted, _ = here.hold(member, 3_000)
    lease = offline_top_up(here, member, 8_000, reserved_minor=8_000)
    here.pay(member, 2_000, wanted.hold_id, lease, offline=True)
    here.open.discard(wanted.hold_id)
    here.report()
    there.pay(member, 18_000, offline=True)
    there.pushing.top_up(member, 4_000)
    there.pushing.top_up(member, 3_000)
    there.report()
    assert (kept(hq, member), owed(hq, member)) == ({lease: 8_000}, 2_000)
    nothing_differs(hq)


def sending(till: ReservingTill, message: Push) -> Callable[[], PushReply]:
    def push() -> PushReply:
        with HqClient(till.hq.url, timeout_s=30) as client:
            client.token = till.pushing.client.token
            return client.push(till.terminal_id, message)

    return push


def at_once(calls: Sequence[Callable[[], PushReply]]) -> list[PushReply]:
    replies: list[PushReply] = []
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], PushReply]) -> None:
        start.wait(10)
        replies.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_reports_and_pushes_at_once_take_their_locks_in_one_order(
    hq: ServedHq, caplog: pytest.LogCaptureFixture
) -> None:
    """Each till pays at members whose holds the other one lets go: two units of work over the same wallets, from both ends."""
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    members = sorted(member_with(here, 100_000) for _ in range(6))
    caplog.set_level(logging.INFO, "hq_server.ingest.keeping")
    for _ in range(6):
        for till, held, paid in ((here, members[:3], members[3:]), (there, members[3:], members[:3])):
            for member in held:
                wanted, _ = till.hold(member, 500)
                till.open.discard(wanted.hold_id)
            for member in paid:
                till.pay(member, 100)
        replies = at_once([sending(till, till.pushing.message(head=till.reported_head())) for till in (here, there)])
        for till in (here, there):
            till.pushing.accepted = len(till.pushing.entries)
        assert all(outcome.status == "created" for reply in replies for outcome in reply.outcomes)
    again = [record.getMessage() for record in caplog.records if "again" in record.getMessage()]
    assert again == []
    assert all(kept(hq, member) == {} for member in members)
    nothing_differs(hq)


@contextmanager
def dying_at(step: str) -> Iterator[None]:
    """Head office does no more for a request than up to that step."""

    def dies(record: logging.LogRecord) -> bool:
        if getattr(record, "step", "") == step:
            raise RuntimeError(f"died at {step}")
        return True

    logger = logging.getLogger("hq_server.steps")
    logger.addFilter(dies)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeFilter(dies)
        logger.setLevel(logging.NOTSET)


def answers(till: ReservingTill, head: SignedHead) -> bool:
    """The connection may have died with the request before."""
    try:
        till.pushing.push(head=head)
    except HqUnreachable:
        return False
    return True


@pytest.mark.parametrize("afterwards", ["the same report", "a later one", "another till's payment"])
def test_h3_what_a_report_let_go_is_given_back_although_head_office_died_in_between(
    hq: ServedHq, afterwards: str
) -> None:
    """The report is committed; that the top-up's lease came back is an entry of head office's own, which it had not written yet. The till heard no answer: it reports again."""
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 1_000)
    lease = offline_top_up(here, member, 8_000, reserved_minor=8_000)
    here.report()
    here.open.discard(lease)
    head = here.reported_head()
    with dying_at("ingest_committed"), pytest.raises(SyncError):
        here.pushing.push(head=head)
    assert (kept(hq, member), state_of(hq, lease)) == ({lease: 8_000}, "open")
    if afterwards == "a later one":
        here.pushing.top_up(member, 100)
        head = here.reported_head()
    elif afterwards == "another till's payment":
        assert there.hold(member, 9_000)[1].refusal == RefusalCode.RESERVED_ELSEWHERE
    until(lambda: answers(here, head), what="an answer")
    assert (kept(hq, member), state_of(hq, lease)) == ({}, "settled")
    assert there.hold(member, 9_000)[1].refusal == ""
    nothing_differs(hq)


def test_h7_what_a_lost_entry_may_have_used_of_a_top_up_waits_although_the_tills_clock_is_ahead(hq: ServedHq) -> None:
    """By the till's clock the top-up was made after head office heard of the loss."""
    till = ReservingTill(hq)
    member = member_with(till, 1_000)
    till.pushing.skew = timedelta(days=1)
    lease = offline_top_up(till, member, 8_000, reserved_minor=8_000)
    till.report()
    till.pay(member, 8_000, lease, offline=True)
    till.open.discard(lease)
    report_with_a_hole(till, member)
    assert kept(hq, member) == {lease: 8_000}, "nobody knows what the lost entry took"
