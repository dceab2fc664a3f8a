"""What takes an entry back or gives it back moves value only of the entry that it names, of the same member and till (H4, H8): all else is set aside, and told."""

from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.own_journal.place import Moment
from hq_server.own_journal.transfers import TwoMembers, move
from stored_value.events import PurchaseRefunded, ShiftClosed, ShiftTotals, ToppedUp, TopUpReversed
from stored_value.events_money_out import (
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    RefundReversed,
    TakenBackLine,
)
from stored_value.identity import EventId, MemberId, ShiftId
from stored_value.offline_policy import RiskAllowance
from sync.entry import Entry, write_entry
from sync.hole import DeclaredHole, sign_hole
from sync.messages import Outcome, PushedEntry, PushReply
from tests.hq_server.ingest.test_money_out_judged import cash, codes, rule
from tests.hq_server.ingest.test_poison import POISON, as_strict_as_postgresql
from tests.hq_server.reservations.reserving import ReservingTill, nothing_differs, wallet_of
from tests.hq_server.served import PushingTill, ServedHq

NOTHING = [("set_aside", ())]
Backward = TopUpReversed | RefundReversed | DepositReturned | DepositKept | DepositRestored


def tills(hq: ServedHq) -> tuple[PushingTill, PushingTill]:
    """Of two stores; the second one's key is in strange hands."""
    rule(hq)
    both = ReservingTill(hq), ReservingTill(hq, "S02")
    for each in both:
        each.follow_rulebook()
    return both[0].pushing, both[1].pushing


def topped_up(till: PushingTill, amount_minor: int = 30_000) -> tuple[MemberId, ToppedUp]:
    """A new member has 350.00."""
    member = till.enrol_member()
    return member, till.top_up(member, amount_minor, first_50=5_000)


def sent(till: PushingTill, *events: Backward | DepositTaken) -> PushReply:
    for event in events:
        till.write(event)
    return till.push()


def moved(reply: PushReply) -> list[tuple[str, tuple[object, ...]]]:
    return [(each.status, each.versions) for each in reply.outcomes]


def whys(reply: PushReply) -> list[object]:
    return [found.data["why"] for each in reply.outcomes for found in each.findings if found.code == "not_reversible"]


def taken_back(till: PushingTill, top_up: ToppedUp) -> TopUpReversed:
    return TopUpReversed(
        occasion=till.occasion(),
        member_id=top_up.member_id,
        top_up_id=top_up.occasion.event_id,
        amount_minor=top_up.amount_minor,
        tenders=top_up.tenders,
    )


def refund_taken_back(till: PushingTill, refund: PurchaseRefunded) -> RefundReversed:
    return RefundReversed(
        occasion=till.occasion(),
        member_id=refund.member_id,
        refund_id=refund.occasion.event_id,
        purchase_id=refund.purchase_id,
        amount_minor=refund.amount_minor,
        lines=tuple(TakenBackLine(line_no=each.line_no, amount_minor=each.amount_minor) for each in refund.lines),
    )


def closing(till: PushingTill) -> ShiftClosed:
    return ShiftClosed(occasion=till.occasion(), float_minor=0, counted_minor=0, expected_minor=0, totals=ShiftTotals())


def raised(hq: ServedHq) -> set[tuple[str, str]]:
    with hq.database.read() as session:
        return {
            (each.code, each.kind) for each in session.scalars(select(ExceptionRecord)) if each.code != "shift_differs"
        }


@pytest.mark.parametrize("by_merge", [True, False])
def test_h4_what_moved_to_another_member_is_given_back_by_no_till(hq: ServedHq, by_merge: bool) -> None:
    """Neither by the one that took it nor by any other: at his journal it is the giver's."""
    honest, thief = tills(hq)
    giver, top_up = topped_up(honest)
    taker = honest.enrol_member("李四", "+8613800000002")
    deposit = DepositTaken(occasion=honest.occasion(), member_id=giver, amount_minor=9_000, tenders=cash(9_000))
    sent(honest, deposit)
    wish = TwoMembers(
        transfer_id=EventId(hq.new_id()), giver=giver, taker=taker, amount_minor=None if by_merge else 30_000
    )
    assert move(hq.office.desk, Moment.at(hq.clock.at), wish, lambda _: None) is None
    before = wallet_of(hq, taker)
    assert before.total_minor >= 30_000
    for till in (thief, honest):
        place = {"occasion": till.occasion(), "member_id": taker, "deposit_id": deposit.occasion.event_id}
        forged: list[Backward] = [
            replace(taken_back(till, top_up), member_id=taker),
            DepositReturned(**place, amount_minor=9_000, tenders=cash(9_000)),  # type: ignore[arg-type]  # the same place for each kind
            DepositKept(**place, amount_minor=9_000),  # type: ignore[arg-type]  # the same place for each kind
            DepositRestored(**place, amount_minor=9_000),  # type: ignore[arg-type]  # the same place for each kind
        ]
        for event in forged:
            again = replace(event, occasion=till.occasion())
            reply = sent(till, again)
            assert (codes(reply), moved(reply)) == ([["original_unknown"]], NOTHING), event.kind
    assert wallet_of(hq, taker) == before
    assert ("original_unknown", "till") in raised(hq)
    nothing_differs(hq)


def test_h8_what_nobody_recorded_is_not_taken_back(hq: ServedHq) -> None:
    honest, thief = tills(hq)
    member, top_up = topped_up(honest)
    meal = honest.redeem(member, 10_000)
    refund = honest.refund(meal, 1, 10_000)
    honest.push()
    before = wallet_of(hq, member)
    nobodys = EventId(hq.new_id())
    for till in (thief, honest):
        for name in (nobodys, EventId("no id at all!")):
            for event in (
                replace(taken_back(till, top_up), top_up_id=nobodys),
                replace(refund_taken_back(till, refund), refund_id=name),
                DepositReturned(
                    occasion=till.occasion(), member_id=member, deposit_id=name, amount_minor=100, tenders=cash(100)
                ),
            ):
                reply = sent(till, replace(event, occasion=till.occasion()))
                assert (codes(reply), moved(reply)) == ([["original_unknown"]], NOTHING)
    assert codes(sent(thief, refund_taken_back(thief, refund))) == [["another_tills_entry"]]
    assert wallet_of(hq, member) == before
    nothing_differs(hq)


@pytest.mark.parametrize("pushed", ["with_its_entry", "before", "each_alone"])
def test_h8_a_counter_takes_back_its_newest_entry_once(hq: ServedHq, pushed: str) -> None:
    till, _ = tills(hq)
    member, _ = topped_up(till)
    meal = till.redeem(member, 10_000)
    refund = till.refund(meal, 1, 10_000)
    second = till.top_up(member, 5_000)
    if pushed != "with_its_entry":
        till.push()
    outcomes: list[Outcome] = []
    for _ in range(2):
        till.write(refund_taken_back(till, refund))
        till.write(taken_back(till, second))
        if pushed == "each_alone":
            outcomes += till.push().outcomes
    outcomes += till.push().outcomes
    told = [[found.data.get("why") for found in each.findings] for each in outcomes[-4:]]
    assert told == [[], [], ["again"], ["again"]]
    assert wallet_of(hq, member).total_minor == 25_000
    nothing_differs(hq)


@pytest.mark.parametrize("together", [True, False])
def test_h8_a_reversal_takes_what_its_entry_gave_and_no_more(hq: ServedHq, together: bool) -> None:
    till, _ = tills(hq)
    member, top_up = topped_up(till)
    meal, coffee = till.redeem(member, 10_000), till.redeem(member, 1_000)
    till.refund(meal, 1, 9_000)
    till.push()
    once = till.refund(meal, 1, 1_000)
    beyond = till.refund(meal, 1, 9_000)
    odd = replace(till.top_up(member, 1), occasion=till.occasion(), tenders=cash(20_000))
    till.write(odd)
    if not together:
        till.push()
    forged: list[Backward] = [
        replace(taken_back(till, top_up), amount_minor=90_000, tenders=cash(90_000)),
        replace(taken_back(till, top_up), tenders=cash(90_000)),
        taken_back(till, odd),
        replace(taken_back(till, top_up), top_up_id=meal.occasion.event_id),
        replace(refund_taken_back(till, once), purchase_id=coffee.occasion.event_id),
        replace(refund_taken_back(till, once), lines=(TakenBackLine(line_no=1, amount_minor=10_000),)),
        replace(refund_taken_back(till, once), amount_minor=10_000),
        replace(refund_taken_back(till, once), refund_id=top_up.occasion.event_id),
        refund_taken_back(till, beyond),
    ]
    for event in forged:
        till.write(replace(event, occasion=till.occasion()))
    reply = till.push()
    told = [*["other_amount"] * 3, "other_kind", *["other_amount"] * 3, "other_kind", "gave_less"]
    assert whys(reply)[-9:] == told
    assert moved(reply)[-9:] == NOTHING * 9
    assert wallet_of(hq, member).total_minor == 35_000 - 1_000 + 2
    nothing_differs(hq)


@pytest.mark.parametrize("says_the_old_shift", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_h8_nothing_is_taken_back_in_another_shift(hq: ServedHq, says_the_old_shift: bool, together: bool) -> None:
    """Which is over when the till has closed it, whatever it says later."""
    till, _ = tills(hq)
    member, top_up = topped_up(till)
    meal = till.redeem(member, 10_000)
    refund = till.refund(meal, 1, 10_000)
    till.write(closing(till))
    if not together:
        till.push()
        hq.clock.pass_(days=20)
        till.open_session()
    occasions = [till.occasion(), till.occasion()]
    if not says_the_old_shift:
        occasions = [replace(each, shift_id=ShiftId("shift-2")) for each in occasions]
    forged: list[Backward] = [taken_back(till, top_up), refund_taken_back(till, refund)]
    for event, occasion in zip(forged, occasions, strict=True):
        till.write(replace(event, occasion=occasion))
    reply = till.push()
    assert whys(reply) == ["other_shift"] * 2
    assert moved(reply)[-2:] == NOTHING * 2
    assert wallet_of(hq, member).total_minor == 35_000
    nothing_differs(hq)


def test_h8_a_reversal_that_comes_days_later_is_told(hq: ServedHq) -> None:
    """An honest till may have been without a line, so it counts; one that dates back is found out."""
    till, _ = tills(hq)
    member, top_up = topped_up(till)
    till.push()
    till.write(taken_back(till, top_up))
    hq.clock.pass_(days=2)
    till.open_session()
    (outcome,) = till.push().outcomes
    data = {"original": top_up.occasion.event_id, "hours": 48}
    assert [(each.code, each.data) for each in outcome.findings] == [("reversal_late", data)]
    assert wallet_of(hq, member).total_minor == 0
    assert ("reversal_late", "reservation") in raised(hq)
    nothing_differs(hq)


def test_l2_a_reversal_of_an_entry_that_its_header_settled_takes_no_more_than_that(hq: ServedHq) -> None:
    """A body that cannot be read says nothing of shift or tenders (H7)."""
    till, _ = tills(hq)
    member, _ = topped_up(till)
    for amount, found in ((5_000, []), (5_001, ["other_amount"])):
        top_up = till.top_up(member, 5_000)
        till.keep(blurred(till.entries.pop()))
        till.write(replace(taken_back(till, top_up), amount_minor=amount, tenders=cash(amount)))
        assert whys(till.push()) == found
    assert wallet_of(hq, member).total_minor == 35_000 + 5_000
    nothing_differs(hq)


def blurred(entry: Entry) -> Entry:
    return write_entry(entry.header, {"business_date": 0})


def test_h8_a_reversal_that_cannot_be_read_is_judged_as_a_payment(hq: ServedHq) -> None:
    """By its header alone it would take anybody's money."""
    honest, _ = tills(hq)
    member, top_up = topped_up(honest)
    honest.push()
    rule(hq, RiskAllowance(payment_minor=0, member_minor=0, till_minor=0))
    thief = ReservingTill(hq, "S02")
    thief.follow_rulebook()
    thief.pushing.write(taken_back(thief.pushing, top_up))
    thief.pushing.keep(blurred(thief.pushing.entries.pop()))
    assert codes(thief.pushing.push()) == [["unreadable_body", "risk_exceeded"]]
    assert wallet_of(hq, member).total_minor == 35_000
    nothing_differs(hq)


@pytest.mark.parametrize("beyond_minor", [0, 1])
def test_h8_beside_an_entry_that_cannot_be_stored_a_reversal_is_judged_alike(hq: ServedHq, beyond_minor: int) -> None:
    """Then each is taken in by itself."""
    as_strict_as_postgresql(hq)
    till, _ = tills(hq)
    member, _ = topped_up(till)
    meal = till.redeem(member, 10_000)
    till.refund(meal, 1, 5_000)
    till.push()
    refund = till.refund(meal, 1, 5_000 + beyond_minor)
    till.write(refund_taken_back(till, refund))
    till.enrol_member(POISON, "+8613800001111")
    reply = till.push()
    assert [each.status for each in reply.outcomes][2] == "set_aside"
    assert whys(reply) == ["gave_less"] * beyond_minor
    assert wallet_of(hq, member).total_minor == 30_000 + 5_000 * beyond_minor
    nothing_differs(hq)


def test_h7_what_took_back_a_lost_entry_moves_as_little_as_that(hq: ServedHq) -> None:
    """The money came in and went out again; neither is booked, and a person sees both."""
    till, _ = tills(hq)
    member, _ = topped_up(till)
    till.push()
    lost = till.top_up(member, 5_000)
    till.write(taken_back(till, lost))
    message = till.message()
    entry = till.entries[-2]
    hole = DeclaredHole(
        terminal_id=till.terminal_id,
        incarnation=entry.header.incarnation,
        seq=entry.header.seq,
        hash=entry.hash,
        declared_at=hq.clock.at,
        declared_by="李师傅",
        event_id=entry.header.id,
        kind=entry.header.kind,
        member_id=member,
    )
    entries = PushedEntry(hole=sign_hole(till.key, hole)), message.entries[1]
    reply = till.client.push(till.terminal_id, msgspec.structs.replace(message, entries=entries))
    assert codes(reply) == [["hole_declared"], ["original_unknown"]]
    assert wallet_of(hq, member).total_minor == 35_000
    nothing_differs(hq)
