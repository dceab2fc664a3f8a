"""Other ways out than payments (H4, H8): a cash-out without cover takes nothing, only its own till finishes what it recorded, and what taking back costs others is told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, WalletRecord
from hq_server.own_journal.place import Moment
from hq_server.reservations.write_off import WriteOffWish, write_off
from hq_server.sessions.epochs import begin_epoch
from hq_server.terminals.rows import hold_terminal, write_terminal
from stored_value.events import Event, PassUsed, TopUpReversed, WalletEvent
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
)
from stored_value.identity import LotId, MemberId
from stored_value.occasion import Tender, TenderKind
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.policies import CashOutMethod
from stored_value.reservation_records import ReservationId
from sync.messages import PushReply
from sync.wallet_codec import read_wallet, write_wallet
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
    wallet_of,
)
from tests.hq_server.reservations.test_silence import held_by
from tests.hq_server.served import ANY_RISK, ServedHq


def rule(hq: ServedHq, risk: RiskAllowance = ANY_RISK) -> None:
    """No risk allowance reaches what is told here."""
    lease_policy(hq, LeasePolicy(tills_max=0), risk=risk)


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


def cash(amount_minor: int) -> tuple[Tender, ...]:
    return (Tender(kind=TenderKind.CASH, amount_minor=amount_minor),)


def ask_cash_out(till: ReservingTill, member: MemberId, amount_minor: int, *holds: str) -> CashOutRequested:
    till.follow_rulebook()
    occasion = replace(till.pushing.occasion(), reservations=tuple(map(ReservationId, holds)))
    asked = CashOutRequested(
        occasion=occasion,
        member_id=member,
        method=CashOutMethod.PROPORTIONAL,
        refundable_minor=amount_minor,
        reserved_minor=amount_minor,
    )
    till.pushing.write(asked)
    return asked


def pay_out(till: ReservingTill, asked: CashOutRequested) -> CashOutPaid:
    return CashOutPaid(
        occasion=till.pushing.occasion(),
        member_id=asked.member_id,
        request_id=asked.occasion.event_id,
        amount_minor=asked.refundable_minor,
        tenders=cash(asked.refundable_minor),
    )


def written(till: ReservingTill, event: Event) -> PushReply:
    till.pushing.write(event)
    return till.pushing.push()


@pytest.mark.parametrize("held", [0, 1, 49_999])
def test_h4_a_cash_out_without_cover_leaves_nothing_and_what_is_paid_on_it_is_the_stores(
    hq: ServedHq, held: int
) -> None:
    """A part of it is not enough, and another till's hold is safe."""
    rule(hq)
    thief, honest = ReservingTill(hq, "S02"), ReservingTill(hq)
    member = member_with(honest, 50_000)
    holds = [thief.hold(member, held)[0].hold_id] if held else []
    theirs, _ = honest.hold(member, 50_000 - held)
    asked = ask_cash_out(thief, member, 50_000, *holds)
    thief.pushing.write(pay_out(thief, asked))
    reply = thief.pushing.push()
    assert codes(reply) == [["cash_out_uncovered"], ["cash_out_unknown"]]
    assert reply.outcomes[0].findings[0].data == {"amount_minor": 50_000, "covered_minor": held}
    assert (wallet_of(hq, member).total_minor, kept(hq, member)[theirs.hold_id]) == (50_000, 50_000 - held)
    honest.pay(member, 50_000 - held, theirs.hold_id)
    assert codes(honest.report()) == [[]]
    with hq.database.read() as session:
        raised = select(ExceptionRecord.kind, ExceptionRecord.member_id).where(
            ExceptionRecord.code == "cash_out_uncovered"
        )
        assert [tuple(each) for each in session.execute(raised)] == [("limit", member)]
    nothing_differs(hq)


def test_a_covered_cash_out_is_taken(hq: ServedHq) -> None:
    """By its hold, as counters name it; by a top-up's own lease without a name; by a hold that was written off while the till was silent."""
    rule(hq)
    till = ReservingTill(hq)
    one, two, three = (member_with(till, 20_000) for _ in range(3))
    till.report()
    leased = till.pushing.top_up(two, 10_000)
    till.pushing.entries.pop()
    till.pushing.write(replace(leased, occasion=replace(leased.occasion, offline=True), reserved_minor=10_000))
    till.open.add(leased.occasion.event_id)
    till.pushing.push()
    first, second, third = (till.hold(member, 20_000)[0].hold_id for member in (one, two, three))
    hq.clock.pass_(hours=2)
    wish = WriteOffWish(member_id=three, reservation_id=third, reason="silent for a week")
    assert write_off(hq.office.desk, Moment.at(hq.clock.at), wish, lambda *_: None)
    ask_cash_out(till, one, 20_000, first)
    ask_cash_out(till, two, 30_000, second)
    ask_cash_out(till, three, 20_000, third)
    assert [each for each in codes(till.pushing.push()) if "cash_out_uncovered" in each] == []
    assert [wallet_of(hq, member).total_minor for member in (one, two, three)] == [0, 0, 0]
    again = member_with(till, 20_000)
    ask_cash_out(till, again, 20_000, third)
    assert codes(till.pushing.push()) == [["cash_out_uncovered"]], "what was written off covers once"


def test_h4_a_sale_of_another_till_is_not_refunded(hq: ServedHq) -> None:
    """A member and a store in league would take back at one till what was eaten at another's cost."""
    rule(hq)
    honest, thief = hq.till(), hq.till("S02")
    honest.rulebook = thief.rulebook = 2
    member = honest.enrol_member()
    honest.top_up(member, 50_000)
    meal = honest.redeem(member, 9_000)
    honest.push()
    before = wallet_of(hq, member)
    thief.refund(meal, 1, 9_000)
    assert codes(thief.push()) == [["another_tills_entry"]]
    assert wallet_of(hq, member) == before
    honest.refund(meal, 1, 9_000)
    assert codes(honest.push()) == [[]]
    assert wallet_of(hq, member).total_minor == before.total_minor + 9_000


def test_h4_what_another_till_recorded_is_that_tills_to_finish(hq: ServedHq) -> None:
    rule(hq)
    honest, thief = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(honest, 50_000)
    top_up = next(each for each in honest.pushing.entries if each.header.kind == "topped_up").header
    deposit = DepositTaken(
        occasion=honest.pushing.occasion(), member_id=member, amount_minor=9_000, tenders=cash(9_000), item="雨伞"
    )
    asked_hold, _ = honest.hold(member, 50_000)
    asked = ask_cash_out(honest, member, 50_000, asked_hold.hold_id)
    assert codes(written(honest, deposit)) == [[], []]
    before = wallet_of(hq, member)
    thief.follow_rulebook()
    for event in foreign(thief, member, top_up.id, top_up.in_minor, deposit, asked):
        reply = written(thief, event)
        assert codes(reply) == [["another_tills_entry"]], event.kind
        assert (reply.outcomes[0].status, reply.outcomes[0].versions) == ("set_aside", ())
    assert wallet_of(hq, member) == before
    with hq.database.read() as session:
        raised = session.execute(select(ExceptionRecord.kind, ExceptionRecord.store_id, ExceptionRecord.state)).all()
    assert {tuple(each) for each in raised} == {("till", "S02", "open")}
    returned = deposit_returned(honest, deposit)
    assert codes(written(honest, returned)) == codes(written(honest, pay_out(honest, asked))) == [[]]
    nothing_differs(hq)


def foreign(
    thief: ReservingTill, member: MemberId, top_up: str, amount: int, deposit: DepositTaken, asked: CashOutRequested
) -> list[WalletEvent]:
    deposit_id, request_id = deposit.occasion.event_id, asked.occasion.event_id

    def place() -> dict[str, object]:
        return {"occasion": thief.pushing.occasion(), "member_id": member}

    return [
        TopUpReversed(**place(), top_up_id=top_up, amount_minor=amount, tenders=cash(amount)),  # type: ignore[arg-type]  # the same place for each kind
        deposit_returned(thief, deposit),
        DepositKept(**place(), deposit_id=deposit_id, amount_minor=9_000),  # type: ignore[arg-type]  # the same place for each kind
        DepositRestored(**place(), deposit_id=deposit_id, amount_minor=9_000),  # type: ignore[arg-type]  # the same place for each kind
        pay_out(thief, asked),
        CashOutRejected(**place(), request_id=request_id, restored_minor=50_000),  # type: ignore[arg-type]  # the same place for each kind
        CashOutReversed(**place(), request_id=request_id, amount_minor=50_000, tenders=cash(50_000)),  # type: ignore[arg-type]  # the same place for each kind
    ]


def deposit_returned(till: ReservingTill, deposit: DepositTaken) -> DepositReturned:
    return DepositReturned(
        occasion=till.pushing.occasion(),
        member_id=deposit.member_id,
        deposit_id=deposit.occasion.event_id,
        amount_minor=deposit.amount_minor,
        tenders=deposit.tenders,
    )


def test_h4_a_revoked_tills_deposit_may_be_given_back_by_another_till_of_its_store(hq: ServedHq) -> None:
    rule(hq)
    dead, heir, stranger = ReservingTill(hq), ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(dead, 5_000)
    deposit = DepositTaken(
        occasion=dead.pushing.occasion(), member_id=member, amount_minor=9_000, tenders=cash(9_000), item="雨伞"
    )
    written(dead, deposit)
    with hq.database.write() as session:
        row = hold_terminal(session, dead.pushing.store_id, dead.terminal_id)
        row.row.status = "revoked"
        write_terminal(session, row)
    for till in (heir, stranger):
        till.follow_rulebook()
    assert codes(written(stranger, deposit_returned(stranger, deposit))) == [["another_tills_entry"]]
    assert codes(written(heir, deposit_returned(heir, deposit))) == [[]]


@pytest.mark.parametrize("covered", [False, True])
def test_h5_taking_back_a_top_up_that_others_keep_a_part_of_is_told(hq: ServedHq, covered: bool) -> None:
    """With a hold of its own it takes what is its own."""
    rule(hq)
    till, other = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(till, 5_000)
    topped = till.pushing.top_up(member, 10_000)
    till.pushing.push()
    own = [till.hold(member, 10_000)[0].hold_id] if covered else []
    other.hold(member, 5_000 if covered else 12_000)
    occasion = replace(till.pushing.occasion(), reservations=tuple(own))
    back = TopUpReversed(
        occasion=occasion,
        member_id=member,
        top_up_id=topped.occasion.event_id,
        amount_minor=10_000,
        tenders=topped.tenders,
    )
    (outcome,) = written(till, back).outcomes
    found = [(each.code, each.data) for each in outcome.findings]
    assert found == ([] if covered else [("taken_from_others", {"amount_minor": 7_000})])
    assert wallet_of(hq, member).total_minor == 5_000
    nothing_differs(hq)


def test_h8_after_a_restore_a_cash_out_without_a_signed_hold_is_set_aside(hq: ServedHq) -> None:
    """A till in strange hands never reports, and writes with the anchor of before for ever."""
    rule(hq)
    thief, honest = ReservingTill(hq, "S02"), ReservingTill(hq)
    member, other = member_with(honest, 50_000), member_with(honest, 20_000)
    honest.report()
    with hq.database.write() as session:
        begin_epoch(session, honest.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(hours=240)
    before = thief.pushing.anchor
    thief.pushing.open_session()
    thief.pushing.anchor = before
    ask_cash_out(thief, member, 50_000)
    ask_cash_out(thief, other, 20_000, "held-before-the-restore")
    assert codes(thief.pushing.push()) == [["cash_out_uncovered"], ["cash_out_uncovered"]]
    assert [wallet_of(hq, each).total_minor for each in (member, other)] == [50_000, 20_000]
    nothing_differs(hq)


def test_h4_uses_of_a_pass_that_nothing_keeps_for_the_till_are_told(hq: ServedHq) -> None:
    rule(hq)
    thief, honest = ReservingTill(hq, "S02"), ReservingTill(hq)
    member = member_with(honest, 0)
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        row.state = write_wallet(replace(read_wallet(row.state), holdings=held_by(member)))
    covered = honest.request(member, 0, wash=1)
    assert honest.send(covered).refusal == ""
    for till, holds, told in ((honest, (covered.hold_id,), []), (thief, (), ["thing_uncovered"])):
        occasion = replace(till.pushing.occasion(), reservations=holds)
        use = PassUsed(occasion=occasion, member_id=member, holding_id=LotId("wash"), units=1, name="洗车")
        assert [code for code in codes(written(till, use))[-1] if code == "thing_uncovered"] == told
