"""Head office's runs: what is due is done once, whoever runs and however often; what came late is heeded; one member's failure stops nobody."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hq_server.database.models import JournalEntry, WalletEventRecord, WalletRecord
from hq_server.own_journal.place import OWN_STORE, OWN_TERMINAL, Moment
from hq_server.own_journal.runs import run_day
from hq_server.own_journal.schedule import Schedule
from stored_value.events import InstalmentReleased
from stored_value.findings import FindingCode
from stored_value.wallet import ValueKind
from sync.messages import MemberRow
from sync.wallet_codec import read_wallet
from tests.hq_server.own_journal.miniature import (
    books_are_right,
    day,
    due_on,
    own_events,
    own_kinds,
    run,
    till_under,
    wallet_of,
)
from tests.hq_server.served import PushingTill, ServedHq


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    return till_under(hq)


def test_a_bonus_ends_on_the_day_after_its_last_and_running_again_changes_nothing(
    hq: ServedHq, till: PushingTill
) -> None:
    member = till.enrol_member()
    till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    assert due_on(hq, member) == day(11)
    assert run(hq, 10).events.total() == 0
    assert run(hq, 11).events == {"lot_expired": 1}
    wallet = wallet_of(hq, member)
    assert (wallet.balance_minor(ValueKind.PRINCIPAL), wallet.balance_minor(ValueKind.BONUS)) == (10_000, 0)
    assert run(hq, 11).events.total() == run(hq, 12).events.total() == 0
    assert own_kinds(hq) == ["lot_expired"]
    books_are_right(hq)


def test_the_tills_of_every_store_that_knows_the_member_hear_of_it(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    run(hq, 11)
    newest = [each.row for each in till.feed() if isinstance(each.row, MemberRow)][-1]
    assert read_wallet(newest.wallet) == wallet_of(hq, member)
    with hq.database.read() as session:
        assert session.scalars(
            select(WalletEventRecord.receipt_no).where(WalletEventRecord.terminal_id == OWN_TERMINAL)
        ).all() == [f"{OWN_TERMINAL}-000001"]


def test_instalments_come_under_the_rulebook_of_their_top_up_and_each_once(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.plan_top_up(member, 20_000, "parts", 1_000, later_minor=3_000)
    till.push()
    assert due_on(hq, member) == day(1)
    assert [run(hq, after).events.get("instalment_released", 0) for after in (1, 1, 3, 30)] == [1, 0, 2, 0]
    assert wallet_of(hq, member).balance_minor(ValueKind.BONUS) == 4_000
    released = [event for event in own_events(hq) if isinstance(event, InstalmentReleased)]
    assert {event.occasion.rulebook for event in released} == {2}
    assert sorted(event.number for event in released) == [2, 3, 4]
    books_are_right(hq)


def test_a_tier_is_reviewed_on_its_day_and_falls(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.top_up(member, 25_000)
    till.push()
    assert wallet_of(hq, member).tier_id == "silver"
    assert run(hq, 29).events.total() == 0
    assert run(hq, 30).events == {"tier_reviewed": 1}
    assert wallet_of(hq, member).tier_id == "basic"
    assert run(hq, 30).events.total() == 0
    books_are_right(hq)


def test_two_runs_at_once_do_everything_once(hq: ServedHq, till: PushingTill) -> None:
    members = [till.enrol_member(phone=f"+86139000000{place:02d}") for place in range(30)]
    for member in members:
        till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    gate, failures = threading.Barrier(3), list[BaseException]()

    def one() -> None:
        gate.wait()
        try:
            run(hq, 11)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert own_kinds(hq) == ["lot_expired"] * len(members)
    assert {wallet_of(hq, member).balance_minor(ValueKind.BONUS) for member in members} == {0}
    books_are_right(hq)


def test_a_run_while_tills_push_to_the_same_members_loses_nothing(hq: ServedHq, till: PushingTill) -> None:
    members = [till.enrol_member(phone=f"+86139000000{place:02d}") for place in range(10)]
    for member in members:
        till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    for member in members:
        till.top_up(member, 500)
    pushing = threading.Thread(target=till.push)
    pushing.start()
    run(hq, 11)
    pushing.join()
    assert own_kinds(hq) == ["lot_expired"] * len(members)
    assert {wallet_of(hq, member).total_minor for member in members} == {10_500}
    books_are_right(hq)


def test_a_late_entry_from_before_the_expiry_finds_the_bonus_alive(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    late = till.redeem(member, 13_000)
    run(hq, 11)
    outcome = till.push().outcomes[-1]
    assert {found.code for found in outcome.findings} >= {FindingCode.LOT_REVIVED}
    wallet = wallet_of(hq, member)
    assert (wallet.total_minor, wallet.owed_minor) == (0, 0)
    run(hq, 11)
    till.refund(late, 1, 1_300)
    till.push()
    run(hq, 11)
    run(hq, 60)
    assert wallet_of(hq, member).balance_minor(ValueKind.BONUS) == 0
    assert wallet_of(hq, member).balance_minor(ValueKind.PRINCIPAL) == 1_000
    books_are_right(hq)


def test_what_a_lease_keeps_waits_and_ends_when_it_comes_back(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    bonus = next(lot.lot_id for lot in wallet_of(hq, member).lots if lot.kind is ValueKind.BONUS)
    leased = replace(hq.office.desk, committed=lambda _wallet, _on: {bonus: 1_000})
    eleventh = Moment.at(hq.clock.at + timedelta(days=11))
    assert run_day(leased, eleventh).events == {"lot_expired": 1}
    assert wallet_of(hq, member).balance_minor(ValueKind.BONUS) == 1_000
    assert run_day(leased, eleventh).events.total() == 0
    assert due_on(hq, member) == day(12)
    till.top_up(member, 100)
    till.push()
    assert run(hq, 11).events == {"lot_expired": 1}
    assert wallet_of(hq, member).balance_minor(ValueKind.BONUS) == 0
    books_are_right(hq)


def test_one_members_failure_stops_nobody_and_is_told(
    hq: ServedHq, till: PushingTill, caplog: pytest.LogCaptureFixture
) -> None:
    members = [till.enrol_member(phone=f"+86139000000{place:02d}") for place in range(5)]
    for member in members:
        till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    with hq.database.write() as session:
        state = session.get_one(WalletRecord, members[2]).state
        session.execute(update(WalletRecord).where(WalletRecord.member_id == members[2]).values(state=b"{}"))
    report = run(hq, 11)
    assert report.failed == [members[2]]
    assert report.events == {"lot_expired": 4}
    assert "leaves a member out" in caplog.text
    with hq.database.write() as session:
        session.execute(update(WalletRecord).where(WalletRecord.member_id == members[2]).values(state=state))
    assert run(hq, 11).events == {"lot_expired": 1}
    books_are_right(hq)


def test_the_schedule_runs_when_the_business_day_turns(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.plan_top_up(member, 20_000, "parts", 1_000, later_minor=3_000)
    till.push()
    schedule = Schedule(hq.office.desk, 3600, scope_quiet_days=400)
    assert not schedule.look()
    hq.clock.pass_(hours=11, minutes=59)
    assert not schedule.look()
    hq.clock.pass_(minutes=1)
    assert schedule.look()
    assert not schedule.look()
    assert own_kinds(hq) == ["instalment_released"]
    with hq.database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.store_id == OWN_STORE)).one()
    assert own_events(hq)[0].occasion.business_date == day(1)
    assert entry.status == "created"


def test_the_schedule_looks_past_the_members_who_failed_today(hq: ServedHq, till: PushingTill) -> None:
    failing, other = (till.enrol_member(phone=f"+86139000000{place:02d}") for place in range(2))
    for member in (failing, other):
        till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    hq.clock.pass_(days=11)
    with hq.database.write() as session:
        session.execute(update(WalletRecord).where(WalletRecord.member_id == failing).values(state=b"{}"))
    schedule = Schedule(hq.office.desk, 3600, scope_quiet_days=400)
    assert schedule.look()
    assert own_kinds(hq) == ["lot_expired"]
    assert not schedule.look()
    today = Moment.at(hq.clock()).on
    with hq.database.write() as session:
        session.execute(update(WalletRecord).where(WalletRecord.member_id == other).values(due_on=today))
    assert schedule.look()
