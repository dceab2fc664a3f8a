"""Reserving before a payment: leases first, a hold for the rest, without an answer the risk allowance; nothing stays reserved that no entry used (L5, H2, H4, H6)."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from stored_value.events import Redeemed
from stored_value.events_reservation import LeaseAccepted, LeaseReturned
from stored_value.identity import EventId, ShiftId, StaffId, StoreId, TerminalId
from stored_value.occasion import EvidenceClass
from stored_value.offline_policy import OfflinePolicy, RiskAllowance
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import Reservation, ReservationId
from sync.event_codec import event_of
from sync.messages import MemberRow, RulebookRow
from terminal import steps
from terminal.clock import new_id
from tests.stored_value.kept import reservation
from tests.stored_value.miniature import occasion
from tests.terminal.counter.head_office import START
from tests.terminal.counter.till import RULEBOOK, WANG, Till, done, member_row, refused, rulebook_row, wallet_of

NO_RISK = OfflinePolicy(risk=RiskAllowance())


def online(till: Till, principal: int = 50_000) -> None:
    till.hq.online = True
    till.hq.rows[WANG] = member_row(wallet_of(principal))


def kept(name: str, amount: int, *, terminal: str = "S02-T1", number: int = 1) -> Reservation:
    return reservation(name, amount, till=terminal, number=number, granted_at=START, accepted=terminal != "S01-T1")


def lease(till: Till, name: str, amount: int, number: int = 1) -> None:
    """Granted to this till, known to its replica, and taken."""
    till.hq.rows.setdefault(WANG, member_row(wallet_of(50_000)))
    till.hq.keep(WANG, kept(name, amount, terminal="S01-T1", number=number))
    till.feed(till.hq.rows[WANG])
    place = replace(
        occasion("x"),
        event_id=EventId(new_id(till.clock)),
        occurred_at=START,
        terminal_id=TerminalId("S01-T1"),
        store_id=StoreId("S01"),
        staff_id=StaffId("till"),
        shift_id=ShiftId("none"),
        evidence=EvidenceClass.NOT_NEEDED,
    )
    till.journal.append(
        LeaseAccepted(occasion=place, member_id=WANG, lease_id=ReservationId(name), number=number, amount_minor=amount)
    )


def give_back(till: Till, name: str) -> None:
    place = replace(occasion("x"), event_id=EventId(new_id(till.clock)), terminal_id=TerminalId("S01-T1"))
    till.journal.append(LeaseReturned(occasion=place, member_id=WANG, lease_id=ReservationId(name), amount_minor=0))


def without_risk(till: Till) -> None:
    till.feed(rulebook_row(replace(RULEBOOK, version=2, offline=NO_RISK)))


def last_payment(till: Till) -> Redeemed:
    (entry,) = till.journal.recent(1)
    event = event_of(entry)
    assert isinstance(event, Redeemed)
    return event


def test_an_online_payment_holds_all_of_it_and_its_entry_names_the_hold(open_till: Till) -> None:
    online(open_till)
    done(open_till.redeem(12_000))
    (asked,) = open_till.hq.holds
    assert (asked.amount_minor, asked.number) == (12_000, 1)
    paid = last_payment(open_till).occasion
    assert (paid.reservations, paid.offline) == ((asked.hold_id,), False)
    report = open_till.journal.reservations.report()
    assert (report.request_watermark, report.open_reservations) == (1, ())
    assert open_till.hq.asked == [], "the hold's answer tells of the member as well"


def test_the_request_is_written_down_before_it_is_sent(open_till: Till) -> None:
    online(open_till)
    seen = []
    open_till.hq.before_hold = lambda: seen.append(open_till.journal.reservations.report())
    done(open_till.redeem(1_000))
    (during,) = seen
    assert during.open_reservations == (open_till.hq.holds[0].hold_id,)
    assert during.request_watermark == 0, "head office must not think late what is still under way"


def test_what_head_office_holds_for_others_is_refused_with_the_ways_left(open_till: Till) -> None:
    online(open_till, 10_000)
    open_till.hq.keep(WANG, kept("l9", 7_000))
    answer = open_till.redeem(4_000)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    assert (answer.data["reserved_minor"], answer.data["available_minor"]) == (7_000, 3_000)
    done(open_till.redeem(3_000))
    shown = open_till.wang()
    assert shown.leased_elsewhere is not None
    assert (shown.balance_minor, shown.leased_elsewhere.amount_minor, shown.held_elsewhere) == (7_000, 7_000, None)


def test_a_payment_that_is_refused_after_the_hold_leaves_nothing_reserved(open_till: Till) -> None:
    online(open_till)
    done(open_till.redeem(25_000))
    assert refused(open_till.redeem(6_000)) is RefusalCode.STATIC_CARD_LIMIT
    report = open_till.journal.reservations.report()
    assert (report.request_watermark, report.open_reservations) == (2, ())


def test_no_answer_leaves_the_risk_allowance_and_drops_the_request(open_till: Till) -> None:
    online(open_till)
    open_till.hq.answers = False
    paid = done(open_till.redeem(5_000))
    assert paid.provisional
    assert last_payment(open_till).occasion.reservations == ()
    report = open_till.journal.reservations.report()
    assert (report.request_watermark, report.open_reservations) == (1, ())
    assert open_till.journal.reservations.risk_taken(WANG).member_minor == 5_000


def test_what_was_risked_and_is_not_known_to_head_office_is_held_as_well(open_till: Till) -> None:
    online(open_till, 20_000)
    open_till.hq.answers = False
    done(open_till.redeem(15_000))
    open_till.hq.answers = True
    assert refused(open_till.redeem(6_000)) is RefusalCode.OFFLINE_LIMIT, "what is on its way may be what is missing"
    done(open_till.redeem(5_000))
    assert [asked.amount_minor for asked in open_till.hq.holds] == [15_000, 21_000, 20_000]


def test_leases_pay_first_and_nobody_is_asked_while_they_are_enough(open_till: Till) -> None:
    online(open_till)
    lease(open_till, "l1", 8_000)
    done(open_till.redeem(3_000))
    assert open_till.hq.holds == []
    assert last_payment(open_till).occasion.reservations == ("l1",)
    open_till.settle_and_follow()
    done(open_till.redeem(9_000))
    (asked,) = open_till.hq.holds
    assert asked.amount_minor == 4_000, "9,000 less the 5,000 that the lease still has"
    assert last_payment(open_till).occasion.reservations == ("l1", asked.hold_id)
    assert open_till.journal.reservations.open_leases() == ()


def test_offline_a_lease_pays_and_no_more_when_no_risk_is_allowed(open_till: Till) -> None:
    without_risk(open_till)
    lease(open_till, "l1", 8_000)
    assert open_till.wang().offline_now_minor == open_till.wang().spendable_now_minor == 8_000
    answer = open_till.redeem(8_001)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["left_minor"]) == (RefusalCode.OFFLINE_LIMIT, 8_000)
    done(open_till.redeem(8_000))
    assert refused(open_till.redeem(1)) is RefusalCode.OFFLINE_LIMIT
    assert open_till.journal.reservations.risk_taken(WANG).till_minor == 0


def test_a_lease_that_was_given_back_pays_nothing_more(open_till: Till) -> None:
    without_risk(open_till)
    lease(open_till, "l1", 8_000)
    give_back(open_till, "l1")
    assert refused(open_till.redeem(1)) is RefusalCode.OFFLINE_LIMIT


def test_a_lease_of_an_earlier_life_of_this_till_is_not_spent(open_till: Till) -> None:
    """H6: the wallet shows it as this till's, but this journal never took it."""
    without_risk(open_till)
    old = replace(kept("l0", 9_000, terminal="S01-T1"), accepted=True)
    open_till.hq.rows[WANG] = member_row(wallet_of(50_000))
    open_till.hq.keep(WANG, old)
    open_till.feed(open_till.hq.rows[WANG])
    assert open_till.wang().leased_here_minor == 0
    assert refused(open_till.redeem(1)) is RefusalCode.OFFLINE_LIMIT


def test_a_lease_that_ran_out_pays_nothing(open_till: Till) -> None:
    without_risk(open_till)
    open_till.hq.rows[WANG] = member_row(wallet_of(50_000))
    lease(open_till, "l1", 8_000)
    assert open_till.wang().leased_here_minor == 8_000
    ending = replace(kept("l2", 1_000, terminal="S01-T1", number=2), expires_at=START + timedelta(hours=1))
    open_till.hq.keep(WANG, ending)
    lease(open_till, "l2", 1_000, number=2)
    assert open_till.wang().leased_here_minor == 9_000
    open_till.pass_time(hours=2)
    assert open_till.wang().leased_here_minor == 8_000


def test_a_lease_given_back_while_head_office_is_asked_makes_the_till_ask_again(open_till: Till) -> None:
    online(open_till)
    lease(open_till, "l1", 4_000)
    open_till.settle_and_follow()
    open_till.hq.before_hold = lambda: give_back(open_till, "l1") if len(open_till.hq.holds) == 0 else None
    done(open_till.redeem(10_000))
    assert [asked.amount_minor for asked in open_till.hq.holds] == [6_000, 10_000]
    assert last_payment(open_till).occasion.reservations == (open_till.hq.holds[1].hold_id,)
    assert open_till.journal.reservations.report().open_reservations == ()


@pytest.mark.parametrize(
    ("risk", "first", "left"),
    [
        (RiskAllowance(payment_minor=4_000, member_minor=90_000, till_minor=90_000), 0, 4_000),
        (RiskAllowance(payment_minor=4_000, member_minor=6_000, till_minor=90_000), 4_000, 2_000),
        (RiskAllowance(payment_minor=4_000, member_minor=9_000, till_minor=5_000), 4_000, 1_000),
        (RiskAllowance(payment_minor=4_000, member_minor=9_000, till_minor=9_000, hours=0), 0, 0),
    ],
)
def test_the_risk_allowance_is_capped_by_payment_member_and_till(
    open_till: Till, risk: RiskAllowance, first: int, left: int
) -> None:
    open_till.feed(rulebook_row(replace(RULEBOOK, version=2, offline=OfflinePolicy(risk=risk))))
    if first:
        done(open_till.redeem(first))
    answer = open_till.redeem(left + 1)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["left_minor"]) == (RefusalCode.OFFLINE_LIMIT, left)
    if left:
        done(open_till.redeem(left))


def test_what_is_known_to_be_kept_elsewhere_is_never_put_at_risk(open_till: Till) -> None:
    open_till.hq.rows[WANG] = member_row(wallet_of(10_000))
    open_till.hq.keep(WANG, kept("l9", 7_000))
    open_till.feed(open_till.hq.rows[WANG])
    answer = open_till.redeem(3_001)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    assert (answer.data["reserved_minor"], answer.data["left_minor"]) == (7_000, 3_000)
    done(open_till.redeem(3_000))


def test_h3_an_offline_top_up_is_this_tills_until_it_is_given_back(open_till: Till) -> None:
    without_risk(open_till)
    topped_up = open_till.top_up(6_000)
    (taken,) = open_till.journal.reservations.open_leases()
    assert (taken.lease_id, taken.number, taken.left_minor) == (ReservationId(topped_up.event_id), 0, 6_000)
    done(open_till.redeem(2_000))
    (taken,) = open_till.journal.reservations.open_leases()
    assert taken.left_minor == 4_000
    assert refused(open_till.redeem(4_001)) is RefusalCode.OFFLINE_LIMIT


def test_the_leases_kept_here_are_those_that_the_wallet_shows(open_till: Till) -> None:
    """The projection against `apply` over the same entries."""
    lease(open_till, "l1", 8_000)
    lease(open_till, "l2", 2_000, number=2)
    open_till.top_up(6_000)
    done(open_till.redeem(9_000))
    lease(open_till, "l3", 1_000, number=3)
    give_back(open_till, "l3")
    found = open_till.counter.member(WANG)
    assert not isinstance(found, Refusal)
    member = open_till.members.find(WANG)
    assert member is not None
    shown = {each.reservation_id: each.amount_minor for each in member.view.wallet.reservations if each.accepted}
    here = {each.lease_id: each.left_minor for each in open_till.journal.reservations.open_leases()}
    assert here == shown
    assert len(here) == 2, "the first two were used in order, the first one up"


def test_leases_come_and_go_outside_of_shifts_and_receipts(open_till: Till) -> None:
    before = open_till.counter.receipts()
    lease(open_till, "l1", 8_000)
    give_back(open_till, "l1")
    assert open_till.counter.receipts() == before
    assert open_till.wang().recent == ()
    shift = open_till.journal.shifts.current()
    assert shift is not None
    assert open_till.journal.shifts.totals(shift.shift_id).counts == {}


def test_the_state_of_a_payment_under_way_dies_with_the_program(open_till: Till) -> None:
    online(open_till)
    open_till.hq.before_hold = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        open_till.redeem(1_000)
    open_till.journal.reservations.drop_open_holds()
    report = open_till.journal.reservations.report()
    assert (report.request_watermark, report.open_reservations) == (1, ())


def test_h6_no_lease_is_spent_while_the_disk_may_be_a_copy_nor_in_the_journals_next_life(open_till: Till) -> None:
    without_risk(open_till)
    lease(open_till, "l1", 20_000)
    office = open_till.journal.head_office
    office.runs_on("machine-1")
    done(open_till.redeem(1_000))
    office.runs_on("machine-2")
    assert office.lease_doubt is not None
    assert isinstance(open_till.redeem(1_000), Refusal)
    office.machine_confirmed()
    done(open_till.redeem(1_000))
    office.enter_incarnation(2)
    assert isinstance(open_till.redeem(1_000), Refusal)


@contextmanager
def at_step(step: str, happens: Callable[[], object]) -> Iterator[None]:
    """Something else happens at a named step of the product, on the same thread."""

    def filter_(record: logging.LogRecord) -> bool:
        if getattr(record, "step", "") == step:
            happens()
        return True

    logger = logging.getLogger("terminal.steps")
    logger.addFilter(filter_)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeFilter(filter_)
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("risk", [True, False])
def test_h1_a_hold_that_head_office_may_have_forgotten_pays_nothing(open_till: Till, risk: bool) -> None:
    """The worker learns of a restored head office between the answer and the decision: what was held may be another till's by now."""
    online(open_till)
    known: list[MemberRow | RulebookRow] = [open_till.hq.rows[WANG]]
    if not risk:
        without_risk(open_till)
        known.append(rulebook_row(replace(RULEBOOK, version=2, offline=NO_RISK)))
    with at_step(steps.HOLD_ANSWERED, lambda: open_till.enter_epoch("epoch-2", *known)):
        answer = open_till.redeem(5_000)
    assert len(open_till.hq.holds) == 1
    if risk:
        assert done(answer).provisional
        paid = last_payment(open_till).occasion
        assert (paid.reservations, paid.offline) == ((), True)
        assert open_till.journal.reservations.risk_taken(WANG).member_minor == 5_000
    else:
        assert refused(answer) is RefusalCode.OFFLINE_LIMIT
    report = open_till.journal.reservations.report()
    assert (report.epoch, report.request_watermark, report.open_reservations) == ("epoch-2", 1, ())


def unwritable(till: Till, *, yes: bool = True) -> None:
    """The disk takes nothing more, or takes it again."""
    with till.journal._database.reading() as connection:
        connection.execute(f"PRAGMA query_only = {'ON' if yes else 'OFF'}")


def nothing_stays_held(till: Till) -> None:
    report = till.journal.reservations.report()
    assert (report.request_watermark, report.open_reservations) == (len(till.hq.holds), ())


def test_h2_a_disk_that_fails_while_head_office_answers_keeps_nothing_held_once_it_works_again(open_till: Till) -> None:
    """Without a restart: a request whose answer seems to be awaited would also stand before the release of every later one."""
    online(open_till)
    open_till.hq.before_hold = lambda: unwritable(open_till)
    assert refused(open_till.redeem(12_000)) is RefusalCode.DISK_FAULT
    assert open_till.journal.reservations.report().open_reservations == (open_till.hq.holds[0].hold_id,)
    unwritable(open_till, yes=False)
    nothing_stays_held(open_till)
    open_till.hq.before_hold = lambda: None
    done(open_till.redeem(1_000))
    nothing_stays_held(open_till)


def test_h2_a_replica_that_fails_while_head_office_answers_keeps_nothing_held(open_till: Till) -> None:
    online(open_till)
    open_till.hq.before_hold = open_till.replica._file._writer.close
    assert refused(open_till.redeem(12_000)) is RefusalCode.DISK_FAULT
    nothing_stays_held(open_till)


def test_a_payment_that_is_recorded_is_answered_so_although_the_disk_fails_right_after_it(open_till: Till) -> None:
    online(open_till)
    open_till.journal.after_commit(lambda: unwritable(open_till))
    done(open_till.redeem(12_000))
    unwritable(open_till, yes=False)
    nothing_stays_held(open_till)
