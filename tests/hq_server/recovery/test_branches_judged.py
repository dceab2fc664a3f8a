"""A branch that was taken over (H6) is judged like any till's entries (H8): by the reservations that both copies of the disk had, and by an allowance of its own. Nobody takes
himself over, and once the new life has reported nothing of the old one is taken any more."""

from datetime import timedelta

import pytest
from msgspec import structs

from hq_server.feed.publishing import current_epoch
from hq_server.recovery.branches import adopt
from hq_server.sessions.epochs import begin_epoch
from hq_server.terminals.rows import read_terminal
from hq_server.terminals.standing import Standing
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.reservation_records import ReservationId
from sync.branches import BranchQuery, Mark
from sync.entry import AnchorRef
from sync.errors import HqRefused
from sync.keys import session_statement, sign
from sync.messages import ChallengeRequest, PushReply, Session, SessionRequest
from tests.hq_server.ingest.test_own_originals import taken_back, whys
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    lease_policy,
    member_with,
    nothing_differs,
    only,
    wallet_of,
)
from tests.hq_server.reservations.test_lost_grants import restored
from tests.hq_server.reservations.test_signed_holds import forget
from tests.hq_server.served import ServedHq

ALLOWED = RiskAllowance(payment_minor=3_000, member_minor=5_000, till_minor=5_000)


class Copy:
    """Of a till's disk: what both wrote until now, and then entries of its own."""

    def __init__(self, original: ReservingTill) -> None:
        self.till = original
        self.common = list(original.pushing.entries)
        self._anchor = original.pushing.anchor
        self._entries = list(self.common)

    def put_in(self) -> None:
        """The other copy is in use no more."""
        pushing = self.till.pushing
        pushing.entries, pushing.anchor = self._entries, self._anchor

    def is_taken_over(self) -> None:
        """It was stopped for its fork; a person decides for it, and it claims its branch."""
        pushing, parts = self.till.pushing, len(self.common)
        pushing.accepted = parts
        with pytest.raises(HqRefused) as refused:
            pushing.push()
        assert refused.value.code == "journal_forked"
        with pushing.hq.database.write() as session:
            assert adopt(session, pushing.terminal_id) is Standing.CHANGED
        assert opened(self.till, 1, None).branch_wanted
        marks = tuple(Mark(each.header.seq, each.hash) for each in pushing.entries[parts - 1 : parts + 1])
        query = BranchQuery(epoch=pushing.epoch, incarnation=2, marks=marks, claim=True)
        assert pushing.client.branch(pushing.terminal_id, query).claimed
        opened(self.till, 2, None)


def opened(till: ReservingTill, incarnation: int, anchor: AnchorRef | None) -> Session:
    """Keeps the anchor that the till pins."""
    pushing = till.pushing
    challenge = pushing.client.challenge(ChallengeRequest(terminal_id=pushing.terminal_id)).challenge
    session = pushing.client.open_session(
        SessionRequest(
            terminal_id=pushing.terminal_id,
            challenge=challenge,
            signature=sign(pushing.key, session_statement(challenge)),
            anchor=anchor,
            incarnation=incarnation,
        )
    )
    pushing.epoch, pushing.accepted = session.epoch, session.journal_head
    return session


def pushed(till: ReservingTill) -> PushReply:
    """In the second life, without a report."""
    return till.pushing.push(head=till.reported_head(incarnation=2, is_report=False))


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


@pytest.fixture
def till(hq: ServedHq) -> ReservingTill:
    lease_policy(hq, LeasePolicy(tills_max=0), risk=ALLOWED)
    return ReservingTill(hq)


@pytest.fixture
def member(till: ReservingTill) -> MemberId:
    member = member_with(till, 50_000)
    till.report()
    return member


def shared_hold(till: ReservingTill, member: MemberId, amount_minor: int) -> ReservationId:
    """Stands for whatever both copies have."""
    return till.hold(member, amount_minor)[0].hold_id


def test_h6_both_copies_may_have_used_what_they_had_and_each_has_an_allowance(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    hold = shared_hold(till, member, 10_000)
    copy = Copy(till)
    till.pay(member, 10_000, hold)
    till.pay(member, 3_000)
    till.pushing.push()
    copy.put_in()
    till.pay(member, 10_000, hold)
    till.pay(member, 3_000)
    till.pay(member, 2_000)
    copy.is_taken_over()
    found = codes(pushed(till))
    assert found == [["fork_adopted", "reservation_unknown"], ["fork_adopted"], ["fork_adopted"]]
    assert wallet_of(hq, member).total_minor == 50_000 - 13_000 - 15_000
    nothing_differs(hq)


def test_h6_of_a_lease_of_which_the_other_copy_used_a_part_all_may_have_been_used_by_the_branch(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    lease_policy(hq, LeasePolicy(tills_max=1, amount_minor=10_000, share_percent=50, from_minor=1), risk=ALLOWED)
    hq.office.leases.look_at([member])
    lease = only(hq, member)
    assert lease.amount_minor == 10_000
    lease_policy(hq, LeasePolicy(tills_max=0), risk=ALLOWED)
    copy = Copy(till)
    till.pay(member, 6_000, lease.reservation_id)
    till.pushing.push()
    copy.put_in()
    till.pay(member, 10_000, lease.reservation_id)
    copy.is_taken_over()
    assert codes(pushed(till)) == [["fork_adopted"]]
    assert wallet_of(hq, member).total_minor == 50_000 - 16_000
    nothing_differs(hq)


def test_h8_what_nothing_covers_in_a_branch_that_was_taken_over_is_the_stores(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    over, hold = shared_hold(till, member, 9_000), shared_hold(till, member, 10_000)
    till.pay(member, 9_000, over)
    till.pushing.push()
    hq.clock.pass_(seconds=1)
    till.pay(member, 100)
    till.pushing.push()
    hq.clock.pass_(seconds=1)
    copy = Copy(till)
    till.pay(member, 10_000, hold)
    till.pushing.push()
    copy.put_in()
    till.pay(member, 10_000, hold)
    copy.is_taken_over()
    till.pay(member, 3_001, hold)  # written after that, in the old life
    till.pay(member, 9_000, over)
    till.pay(member, 3_001)
    found = [[code for code in each if code != "reservation_unknown"] for each in codes(pushed(till))]
    assert found == [["fork_adopted"], *([["fork_adopted", "risk_exceeded"]] * 3)]
    assert wallet_of(hq, member).total_minor == 50_000 - 9_000 - 100 - 20_000
    nothing_differs(hq)


def test_h6_when_the_new_life_has_reported_nothing_of_the_old_one_is_taken(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    copy = Copy(till)
    till.pay(member, 100)
    till.pushing.push()
    copy.put_in()
    till.pay(member, 200)
    copy.is_taken_over()
    assert codes(pushed(till)) == [["fork_adopted"]]
    till.pay(member, 300)
    assert codes(till.report(incarnation=2)) == [["fork_adopted"]]
    pushing = till.pushing
    pushing.enrolment = structs.replace(pushing.enrolment, incarnation=2)
    till.pay(member, 400)
    assert codes(till.report()) == [[]]
    pushing.enrolment = structs.replace(pushing.enrolment, incarnation=1)
    till.pay(member, 500)
    with pytest.raises(HqRefused) as refused:
        pushed(till)
    assert refused.value.code == "journal_broken"
    assert wallet_of(hq, member).total_minor == 50_000 - 1_000
    with hq.database.read() as session:
        row = read_terminal(session, pushing.store_id, pushing.terminal_id)
    assert row is not None
    assert (row.status, row.branch_open) == ("stopped", False)


def test_h6_what_the_other_copy_took_back_does_not_stand_against_the_branch(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    """It took back a top-up of its own; the branch, in which the newest is one of both, hands that back. Once."""
    common = till.pushing.top_up(member, 2_000)
    till.pushing.push()
    copy = Copy(till)
    till.pushing.write(taken_back(till.pushing, till.pushing.top_up(member, 3_000)))
    till.pushing.push()
    assert wallet_of(hq, member).total_minor == 52_000
    copy.put_in()
    till.pushing.write(taken_back(till.pushing, common))
    copy.is_taken_over()
    assert codes(pushed(till)) == [["fork_adopted"]]
    assert wallet_of(hq, member).total_minor == 50_000
    till.pushing.write(taken_back(till.pushing, common))
    assert whys(pushed(till)) == ["again"]
    assert wallet_of(hq, member).total_minor == 50_000
    nothing_differs(hq)


def test_h6_what_both_copies_had_taken_back_is_not_taken_back_again(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    common = till.pushing.top_up(member, 2_000)
    till.pushing.write(taken_back(till.pushing, common))
    till.pushing.push()
    copy = Copy(till)
    till.pay(member, 100)
    till.pushing.push()
    copy.put_in()
    till.pushing.write(taken_back(till.pushing, common))
    copy.is_taken_over()
    assert whys(pushed(till)) == ["again"]
    assert wallet_of(hq, member).total_minor == 49_900
    nothing_differs(hq)


def test_h8_a_till_that_has_reported_since_a_restore_does_not_take_itself_over(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    old = till.pushing.anchor
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    till.pushing.open_session()
    till.report()
    session_now = opened(till, 2, old)
    assert (session_now.incarnation, session_now.branch_wanted) == (1, False)


def test_h1_before_its_report_head_office_follows_a_till_into_the_life_that_it_forgot(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    old = till.pushing.anchor
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    session_now = opened(till, 2, old)
    assert (session_now.incarnation, session_now.branch_wanted) == (2, True)


def test_h1_a_branch_shows_what_a_restored_head_office_forgot_although_the_other_copy_has_reported(
    hq: ServedHq, till: ReservingTill, member: MemberId
) -> None:
    copy = Copy(till)
    till.pay(member, 1_000)
    till.pushing.push()
    others = till.pushing.entries
    copy.put_in()
    wanted, reply = till.hold(member, 10_000)
    till.pay(member, 10_000, wanted.hold_id)
    till.pay(member, 10_000, wanted.hold_id)
    assert reply.signed is not None
    till.pushing.entries = others
    forget(hq)
    restored(hq)
    till.pushing.open_session()
    till.report()
    copy.put_in()
    copy.is_taken_over()
    till.pushing.signed_holds = [reply.signed]
    found = codes(pushed(till))
    assert found == [["fork_adopted"], ["fork_adopted", "risk_exceeded", "reservation_unknown"]]
    assert wallet_of(hq, member).total_minor == 50_000 - 1_000 - 10_000
    nothing_differs(hq)
