"""Who leaves a store's scope (H9): whom it no longer needs to know, never of whom one of its tills keeps value; told to its tills, and taken in again with the full state."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import pytest
from sqlalchemy import select

from hq_server.database.models import ScopeMember
from hq_server.members import leaving
from hq_server.members.erasure import erase_member
from hq_server.members.leaving import leave_scopes
from hq_server.members.service import enter_found
from hq_server.own_journal.desk import Desk
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from hq_server.own_journal.schedule import Schedule
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.transfers import TwoMembers, move
from hq_server.reservations.write_off import WriteOffWish, write_off
from hq_server.sessions.epochs import begin_epoch
from hq_server.wallets.guarded import Stamp, locked_wallet
from hq_server.wallets.scope import leave_scope
from stored_value.events_money_out import CashOutRequested
from stored_value.identity import EventId, MemberId, StoreId
from stored_value.offline_policy import LeasePolicy
from stored_value.policies import CashOutMethod
from stored_value.reservation_records import ReservationId
from stored_value.wallet import WalletStatus
from sync.messages import FindMember, MemberExitRow, MemberRow, PurchaseRow
from tests.hq_server.own_journal.miniature import books_are_right, unnoted
from tests.hq_server.reservations.reserving import ReservingTill, held_for, lease_policy, wallet_of
from tests.hq_server.served import PushingTill, ServedHq

T = TypeVar("T")
QUIET = 90
S02 = StoreId("S02")


@pytest.fixture(autouse=True)
def no_leases(hq: ServedHq) -> None:
    lease_policy(hq, LeasePolicy(tills_max=0))


@pytest.fixture
def home(hq: ServedHq) -> PushingTill:
    return ReservingTill(hq).pushing


@pytest.fixture
def away(hq: ServedHq) -> ReservingTill:
    return ReservingTill(hq, S02)


@pytest.fixture
def anna(home: PushingTill, away: ReservingTill) -> MemberId:
    """At home in S01, seen once in S02."""
    member = home.enrol_member()
    home.top_up(member, 4_000)
    home.push()
    away.pushing.redeem(member, 100)
    away.pushing.push()
    return member


def left(hq: ServedHq) -> int:
    return leave_scopes(hq.office.desk, hq.clock.at, QUIET)


def stores_of(hq: ServedHq, member: MemberId) -> list[str]:
    with hq.database.read() as session:
        known = select(ScopeMember.store_id).where(ScopeMember.member_id == member).order_by(ScopeMember.store_id)
        return list(session.scalars(known))


def rows_of(till: PushingTill, member: MemberId) -> list[MemberRow | MemberExitRow | PurchaseRow]:
    till.open_session()
    rows = [each.row for each in till.feed()]
    return [row for row in rows if isinstance(row, MemberRow | MemberExitRow | PurchaseRow) and row.member_id == member]


def closed(hq: ServedHq, member: MemberId) -> None:
    wish = StandingWish(request_id=EventId(hq.new_id()), member_id=member, status=WalletStatus.CLOSED)
    assert change_status(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted) is None


def test_who_was_not_there_for_long_leaves_but_not_home(
    hq: ServedHq, home: PushingTill, away: ReservingTill, anna: MemberId
) -> None:
    hq.clock.pass_(days=QUIET)
    assert left(hq) == 0, "not before the day"
    hq.clock.pass_(seconds=1)
    before = wallet_of(hq, anna)
    assert left(hq) == 1
    assert stores_of(hq, anna) == ["S01"]
    assert wallet_of(hq, anna) == replace(before, version=before.version + 1)
    gone = rows_of(away.pushing, anna)[-1]
    assert gone == MemberExitRow(member_id=anna, version=before.version + 1)
    assert not any(isinstance(row, MemberExitRow) for row in rows_of(home, anna))
    assert left(hq) == 0
    books_are_right(hq)


def test_however_many_they_are_each_leaves_once(
    hq: ServedHq, home: PushingTill, away: ReservingTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "BATCH_MEMBERS", 2)
    members = [home.enrol_member(phone=f"+861390000100{place}") for place in range(5)]
    home.push()
    for member in members:
        away.pushing.redeem(member, 100)
    away.pushing.push()
    hq.clock.pass_(days=QUIET + 1)
    assert left(hq) == len(members)
    assert {tuple(stores_of(hq, member)) for member in members} == {("S01",)}


def push(till: PushingTill) -> None:
    """After days, for which no token is good."""
    till.open_session()
    till.push()


def test_who_was_there_since_stays(hq: ServedHq, away: ReservingTill, anna: MemberId) -> None:
    hq.clock.pass_(days=QUIET - 10)
    away.pushing.redeem(anna, 100)
    push(away.pushing)
    hq.clock.pass_(days=20)
    assert left(hq) == 0
    assert stores_of(hq, anna) == ["S01", "S02"]


def test_a_purchase_that_can_be_refunded_keeps_him_there(hq: ServedHq, anna: MemberId) -> None:
    with hq.database.read() as session:
        days = hq.office.rulebooks.all(session).in_force(hq.clock.at).limits.refund_days
    hq.clock.pass_(days=days)
    assert leave_scopes(hq.office.desk, hq.clock.at, 0) == 0
    hq.clock.pass_(days=1, seconds=1)
    assert leave_scopes(hq.office.desk, hq.clock.at, 0) == 1


def test_asked_for_again_he_enters_with_the_full_state(hq: ServedHq, away: ReservingTill, anna: MemberId) -> None:
    hq.clock.pass_(days=QUIET + 1)
    assert left(hq) == 1
    away.pushing.open_session()
    (found,) = away.pushing.client.find_member(FindMember(member_id=anna)).members
    entered, bought = rows_of(away.pushing, anna)[-2:]
    assert isinstance(entered, MemberRow)
    assert isinstance(bought, PurchaseRow)
    assert entered.version == found.version == wallet_of(hq, anna).version
    assert left(hq) == 0, "he was there today"


def test_who_comes_back_before_the_feed_was_told_never_left_it(
    hq: ServedHq, away: ReservingTill, anna: MemberId
) -> None:
    hq.sequenced()
    with hq.database.write() as session:
        wallet = locked_wallet(session, anna)
        assert wallet is not None
        leave_scope(session, wallet, S02, Stamp(hq.clock.at, hq.office.keys.random))
        enter_found(session, hq.office.keys, [anna], S02, now=hq.clock.at)
    rows = rows_of(away.pushing, anna)
    assert not any(isinstance(row, MemberExitRow) for row in rows)
    newest = [row for row in rows if isinstance(row, MemberRow)][-1]
    assert newest.version == wallet_of(hq, anna).version


def test_h5_of_whom_a_till_there_keeps_value_stays(hq: ServedHq, away: ReservingTill, anna: MemberId) -> None:
    hold, _ = away.hold(anna, 500)
    hq.clock.pass_(days=QUIET + 1)
    assert left(hq) == 0
    moment = Moment.at(hq.clock.at)
    wish = WriteOffWish(member_id=anna, reservation_id=ReservationId(hold.hold_id), reason="gone")
    assert write_off(hq.office.desk, moment, wish, unnoted)
    assert left(hq) == 1


def test_what_a_till_elsewhere_keeps_keeps_nobody(hq: ServedHq, anna: MemberId) -> None:
    elsewhere = ReservingTill(hq, "S03")
    elsewhere.hold(anna, 500)
    hq.clock.pass_(days=QUIET + 1)
    assert left(hq) == 1
    assert stores_of(hq, anna) == ["S01", "S03"]


def test_h1_of_whom_a_silent_till_there_may_keep_value_stays(hq: ServedHq, away: ReservingTill, anna: MemberId) -> None:
    away.report()
    hq.clock.pass_(days=QUIET + 1)
    lease_policy(hq, LeasePolicy(tills_max=1, amount_minor=3_000, from_minor=10**9))
    with hq.database.write() as session:
        begin_epoch(session, away.pushing.epoch, now=hq.clock.at)
    assert left(hq) == 0
    hq.clock.pass_(seconds=1)
    away.pushing.open_session()
    away.report()
    assert left(hq) == 1


def test_a_closed_member_with_nothing_left_leaves_every_store(
    hq: ServedHq, home: PushingTill, away: ReservingTill, anna: MemberId
) -> None:
    away.pushing.redeem(anna, 3_900)
    push(away.pushing)
    closed(hq, anna)
    hq.clock.pass_(days=60)
    assert left(hq) == 2
    assert stores_of(hq, anna) == []
    for till in (home, away.pushing):
        assert isinstance(rows_of(till, anna)[-1], MemberExitRow)
    home.top_up(anna, 300)
    push(home)
    assert stores_of(hq, anna) == ["S01"], "what arrives late is the store's to know again"
    hq.clock.pass_(days=60)
    assert left(hq) == 0, "unclaimed, but the member's"
    books_are_right(hq)


def test_a_merged_member_leaves_and_the_survivor_stays(hq: ServedHq, home: PushingTill, anna: MemberId) -> None:
    other = home.enrol_member("李晓梅", "+8613900005678")
    push(home)
    wish = TwoMembers(transfer_id=EventId(hq.new_id()), giver=anna, taker=other)
    assert move(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted) is None
    hq.clock.pass_(days=60)
    assert left(hq) == 2
    assert (stores_of(hq, anna), stores_of(hq, other)) == ([], ["S01"])


@pytest.mark.parametrize("spent_minor", [3_900, 3_800])
def test_an_erased_member_leaves_home_when_nothing_is_left(
    hq: ServedHq, away: ReservingTill, anna: MemberId, spent_minor: int
) -> None:
    away.pushing.redeem(anna, spent_minor)
    push(away.pushing)
    assert erase_member(hq.office.desk, anna, Stamp(hq.clock.at, hq.office.keys.random), unnoted)
    hq.clock.pass_(days=60)
    left(hq)
    assert stores_of(hq, anna) == ([] if spent_minor == 3_900 else ["S01", "S02"])


def test_what_waits_to_be_paid_out_is_something_left(hq: ServedHq, home: PushingTill, anna: MemberId) -> None:
    """No column of the wallet's row shows it."""
    asked = CashOutRequested(
        occasion=replace(home.occasion(), reservations=(held_for(home, anna, 3_900),)),
        member_id=anna,
        method=CashOutMethod.PROPORTIONAL,
        refundable_minor=3_900,
        reserved_minor=3_900,
    )
    home.write(asked)
    home.push()
    assert erase_member(hq.office.desk, anna, Stamp(hq.clock.at, hq.office.keys.random), unnoted)
    assert wallet_of(hq, anna).total_minor == 0
    hq.clock.pass_(days=60)
    assert left(hq) == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Desk):
    """`meanwhile` happens between the look and the deed."""

    meanwhile: Callable[[], object]

    def write(self, now: datetime, do: Callable[[OwnJournal], T]) -> T:
        self.meanwhile()
        return Desk.write(self, now, do)


def test_who_pays_just_then_stays(hq: ServedHq, away: ReservingTill, anna: MemberId) -> None:
    hq.clock.pass_(days=QUIET + 1)

    def pays() -> None:
        away.pushing.redeem(anna, 100)
        push(away.pushing)

    desk = hq.office.desk
    slow = Interrupted(
        database=desk.database, rulebooks=desk.rulebooks, sequencer=desk.sequencer, clock=desk.clock, meanwhile=pays
    )
    assert leave_scopes(slow, hq.clock.at, QUIET) == 0
    assert stores_of(hq, anna) == ["S01", "S02"]


def test_the_schedule_looks_once_a_business_day(hq: ServedHq, anna: MemberId) -> None:
    schedule = Schedule(hq.office.desk, 3600, scope_quiet_days=QUIET)
    assert schedule.look_at_scopes() == 0
    hq.clock.pass_(days=QUIET + 1)
    assert schedule.look_at_scopes() == 1
    assert stores_of(hq, anna) == ["S01"]
    assert schedule.look_at_scopes() == 0
