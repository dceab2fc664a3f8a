"""A till of the adversary (H8): what it claims proves nothing; what holds, leases and the risk allowance cover is the member's, the rest the store's suspense and an exception."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.ingest.till_risk import TillRisk
from hq_server.ingest.understanding import Incoming
from hq_server.own_journal.place import Moment
from hq_server.reservations.write_off import WriteOffWish, write_off
from hq_server.sessions.epochs import begin_epoch
from hq_server.terminals.rows import read_terminal
from stored_value.events import EvidenceClass
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.reservation_records import ReservationId
from stored_value.wallet import ValueKind
from sync.messages import PushReply
from tests.hq_server.console.franchise_day import newer_entry
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    lease_policy,
    member_with,
    nothing_differs,
    state_of,
    wallet_of,
)
from tests.hq_server.served import ServedHq

ALLOWED = RiskAllowance(payment_minor=10_000, member_minor=15_000, till_minor=20_000)


NOTHING = RiskAllowance()


def rule(hq: ServedHq, risk: RiskAllowance = NOTHING) -> None:
    lease_policy(hq, LeasePolicy(tills_max=0), risk=risk)


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


def beyond(reply: PushReply) -> list[dict[str, int | str]]:
    return [found.data for each in reply.outcomes for found in each.findings if found.code == "risk_exceeded"]


def balance(hq: ServedHq, member: MemberId) -> int:
    return wallet_of(hq, member).total_minor


@pytest.mark.parametrize("claimed", [each for each in EvidenceClass if each is not EvidenceClass.NONE])
def test_h8_a_payment_that_nothing_covers_is_the_stores_whatever_it_claims(
    hq: ServedHq, claimed: EvidenceClass
) -> None:
    rule(hq)
    till = ReservingTill(hq)
    member = member_with(till, 600_000)
    paid = till.pay(member, 500_000)
    till.pushing.entries.pop()
    till.pushing.write(replace(paid, occasion=replace(paid.occasion, evidence=claimed)))
    reply = till.report()
    assert beyond(reply) == [{"amount_minor": 500_000, "payment_limit_minor": 0, "used_minor": 0}]
    assert (balance(hq, member), wallet_of(hq, member).owed_minor) == (600_000, 0)
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "risk_exceeded"))
        assert (raised.kind, raised.member_id, raised.state) == ("limit", member, "open")
    nothing_differs(hq)


def test_h8_a_hold_of_a_fen_covers_a_fen(hq: ServedHq) -> None:
    rule(hq)
    till = ReservingTill(hq)
    member = member_with(till, 600_000)
    asked, _ = till.hold(member, 1)
    till.pay(member, 500_000, asked.hold_id)
    assert [each["amount_minor"] for each in beyond(till.report())] == [499_999]
    assert balance(hq, member) == 599_999
    nothing_differs(hq)


def test_h8_another_tills_hold_covers_nothing_here(hq: ServedHq) -> None:
    rule(hq)
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 50_000)
    asked, _ = there.hold(member, 9_000)
    here.pay(member, 9_000, asked.hold_id)
    assert codes(here.report()) == [["risk_exceeded", "reservation_foreign"]]
    assert balance(hq, member) == 50_000


def test_what_holds_and_the_allowance_cover_is_the_members(hq: ServedHq) -> None:
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    asked, _ = till.hold(member, 9_000)
    till.pay(member, 9_000, asked.hold_id)
    till.pay(member, 10_000)
    assert codes(till.report()) == [[], []]
    assert balance(hq, member) == 31_000
    nothing_differs(hq)


@pytest.mark.parametrize("more", [0, 1])
def test_the_cap_of_a_payment(hq: ServedHq, more: int) -> None:
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.pay(member, 10_000 + more)
    assert len(beyond(till.report())) == more
    assert balance(hq, member) == (50_000 if more else 40_000)


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("pushes", [1, 2])
def test_the_cap_of_a_member_over_pushes_without_a_report(hq: ServedHq, more: int, pushes: int) -> None:
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.pay(member, 8_000)
    found = beyond(till.pushing.push()) if pushes == 2 else []
    till.pay(member, 7_000 + more)
    found += beyond(till.pushing.push())
    wanted = [{"amount_minor": 7_001, "member_limit_minor": 15_000, "used_minor": 8_000}]
    assert found == (wanted if more else [])
    assert balance(hq, member) == (42_000 if more else 35_000)


@pytest.mark.parametrize("more", [0, 1])
def test_the_cap_of_a_till_over_its_members_until_its_report(hq: ServedHq, more: int) -> None:
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    one, two, three = (member_with(till, 50_000) for _ in range(3))
    till.report()
    till.pay(one, 9_000)
    till.pay(two, 9_000)
    till.pushing.push()
    till.pay(three, 2_000 + more)
    found = beyond(till.report())
    assert found == ([{"amount_minor": 2_001, "till_limit_minor": 20_000, "used_minor": 18_000}] if more else [])
    till.pay(three, 2_001)
    assert beyond(till.report()) == [], "the report began it anew"
    nothing_differs(hq)


@pytest.mark.parametrize(("minutes", "is_beyond"), [(23 * 60 + 59, False), (24 * 60 + 11, True)])
def test_the_hours_of_the_allowance_by_head_offices_own_signed_time(
    hq: ServedHq, minutes: int, *, is_beyond: bool
) -> None:
    """In one push that came days later, as a long one does; and of a kind that nobody here knows as well."""
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.report()
    hq.clock.pass_(minutes=minutes)
    till.pay(member, 9_000)
    newer_entry(hq, till.pushing, member, out_minor=4_000)
    hq.clock.pass_(hours=70)
    till.pushing.open_session()
    found = beyond(till.report())
    named = {"hours_limit": 24, "unheard_h": 24}
    assert found == ([{"amount_minor": 9_000} | named, {"amount_minor": 4_000} | named] if is_beyond else [])
    assert balance(hq, member) == (50_000 if is_beyond else 37_000)
    till.pay(member, 9_000)
    assert beyond(till.report()) == [], "head office was heard again"
    nothing_differs(hq)


def test_what_a_hold_covers_has_no_hours(hq: ServedHq) -> None:
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    asked, _ = till.hold(member, 9_000)
    hq.clock.pass_(hours=30)
    till.pay(member, 9_000, asked.hold_id)
    till.pushing.open_session()
    assert codes(till.report()) == [[]]


def test_a_till_that_never_heard_head_office_takes_nothing_at_risk(hq: ServedHq) -> None:
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.pushing.anchor = None
    till.pay(member, 9_000)
    assert beyond(till.report()) == [{"amount_minor": 9_000, "hours_limit": 24}]
    nothing_differs(hq)


def test_h8_an_anchor_that_proves_nothing_is_not_believed_the_second_time_either(hq: ServedHq) -> None:
    """Written by the till itself, as young as it likes: it becomes no measure of what follows."""
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.report()
    signed = till.pushing.anchor
    assert signed is not None
    hq.clock.pass_(hours=30)
    till.pushing.open_session()
    hq.clock.pass_(minutes=1)
    forged = structs.replace(signed, hq_time=hq.clock.at)
    found = []
    for _ in range(2):
        till.pushing.anchor = forged
        till.pay(member, 1_000)
        found += codes(till.pushing.push())
    assert found == [["outside_anchors"], ["outside_anchors"]]
    till.pay(member, 1_000)
    assert codes(till.report()) == [[]], "what head office signed is believed again"


def written_off(hq: ServedHq, member: MemberId, reservation_id: str) -> None:
    wish = WriteOffWish(member_id=member, reservation_id=ReservationId(reservation_id), reason="silent for a week")
    assert write_off(hq.office.desk, Moment.at(hq.clock.at), wish, no_note)
    assert state_of(hq, reservation_id) == "written_off"


def no_note(*_: object) -> None:
    """The console's audit."""


def test_a_till_is_not_blamed_for_what_was_written_off_while_it_was_silent_but_once(hq: ServedHq) -> None:
    rule(hq)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    asked, _ = till.hold(member, 9_000)
    hq.clock.pass_(hours=2)
    written_off(hq, member, asked.hold_id)
    till.pay(member, 8_000, asked.hold_id)
    assert codes(till.pushing.push()) == [["reservation_unknown"]]
    till.pay(member, 3_000, asked.hold_id)
    assert [each["amount_minor"] for each in beyond(till.pushing.push())] == [2_000]
    assert balance(hq, member) == 41_000
    hq.clock.pass_(seconds=1)
    till.report()
    till.pay(member, 500, asked.hold_id)
    assert [each["amount_minor"] for each in beyond(till.report())] == [500], "its report said that it knew"
    nothing_differs(hq)


def test_an_entry_that_is_judged_again_counts_once(hq: ServedHq) -> None:
    """A member whose wallet another till changed meanwhile is done again."""
    rule(hq, ALLOWED)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    event = till.pay(member, 8_000)
    with hq.database.read() as session:
        row = read_terminal(session, till.pushing.store_id, till.terminal_id)
        book = hq.office.rulebooks.all(session).newest_book
    assert row is not None
    again = Incoming(
        entry=till.pushing.entries[-1],
        attachment=b"",
        event=event,
        event_id=event.occasion.event_id,
        kind=event.kind,
        member_id=member,
        store_id=event.occasion.store_id,
        receipt_no="",
        business_date=event.occasion.business_date,
        rulebook=book,
    )
    risk = TillRisk(row)
    assert [risk.judge(again, wallet_of(hq, member)) for _ in range(3)] == [None] * 3
    counted = risk.counted()
    till.pushing.push()
    with hq.database.read() as session:
        row = read_terminal(session, till.pushing.store_id, till.terminal_id)
    assert row is not None
    assert row.risk_taken == counted == f'{{"members":{{"{member}":8000}}}}'


def test_what_the_member_never_had_is_no_debt_of_his(hq: ServedHq) -> None:
    rule(hq)
    till = ReservingTill(hq)
    member = member_with(till, 1_000)
    till.pay(member, 80_000)
    till.report()
    held = wallet_of(hq, member)
    assert (held.total_minor, held.owed_minor) == (1_000, 0)
    assert held.balance_minor(ValueKind.PRINCIPAL) == 1_000


def test_h7_of_a_kind_that_nobody_here_knows_the_header_is_judged(hq: ServedHq) -> None:
    rule(hq)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.follow_rulebook()
    newer_entry(hq, till.pushing, member, out_minor=40_000)
    assert codes(till.report()) == [["unknown_kind", "risk_exceeded"]]
    assert balance(hq, member) == 50_000
    nothing_differs(hq)


def test_h8_a_hold_that_nobody_signed_was_not_forgotten_in_a_restore(hq: ServedHq) -> None:
    rule(hq)
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    till.pushing.push()
    till.pay(member, 9_000, "held-before-the-restore")
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    till.pushing.anchor = None
    till.pushing.open_session()
    assert codes(till.pushing.push()) == [["risk_exceeded", "reservation_forgotten"]]
    assert balance(hq, member) == 50_000
    till.report()
    till.pay(member, 500, "held-before-the-restore")
    assert codes(till.report()) == [["risk_exceeded", "reservation_unknown"]]
    assert balance(hq, member) == 50_000
    nothing_differs(hq)
