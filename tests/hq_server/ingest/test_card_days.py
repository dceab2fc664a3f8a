"""A till in strange hands and an absent member (H8): what it takes without a proven payment PIN is bound by the printed card's limit of the day, whatever it claims, whatever
days it says; what only other tills' payments add to that is told; and no till is blamed for what its disk may not have known."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.ingest.card_days import CardDays
from hq_server.ingest.understanding import Incoming
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.terminals.rows import read_terminal
from stored_value.events import EvidenceClass, OrderLine, Redeemed
from stored_value.identity import MemberId, StoreId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.presence import counts_as_card
from stored_value.reservation_records import ReservationId
from stored_value.rulebook_document import write_rulebook
from sync.messages import PushReply
from tests.hq_server.card_limit import limit, till_of
from tests.hq_server.console.franchise_day import newer_entry
from tests.hq_server.pin_till import PinTill
from tests.hq_server.reservations.reserving import ReservingTill, nothing_differs, wallet_of
from tests.hq_server.reservations.test_lost_grants import restored
from tests.hq_server.served import TODAY, PushingTill, ServedHq

LIMIT = 30_000
BALANCE = 200_000
TOLD, EXCEEDED = ["static_card_limit"], ["card_exceeded"]


@pytest.fixture
def home(hq: ServedHq) -> PushingTill:
    limit(hq, LIMIT)
    return till_of(hq, "S01")


@pytest.fixture
def member(home: PushingTill) -> MemberId:
    member_id = home.enrol_member()
    home.top_up(member_id, BALANCE)
    home.push()
    return member_id


@pytest.fixture
def away(hq: ServedHq, home: PushingTill) -> PushingTill:
    return till_of(hq, "S02")


def pay(
    till: PushingTill,
    member: MemberId,
    amount_minor: int,
    on: date | None = None,
    *,
    claimed: EvidenceClass = EvidenceClass.STATIC_CARD,
    hold: str = "",
) -> None:
    said = till.occasion()
    place = replace(
        said,
        evidence=claimed,
        business_date=on or said.business_date,
        reservations=(ReservationId(hold),) if hold else (),
    )
    lines = (OrderLine(line_no=1, name="菜品", total_minor=amount_minor),)
    till.write(Redeemed(occasion=place, member_id=member, amount_minor=amount_minor, lines=lines))


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


def taken(hq: ServedHq, member: MemberId) -> int:
    """And head office's tables are what the journals say."""
    nothing_differs(hq)
    return BALANCE - wallet_of(hq, member).total_minor


@pytest.mark.parametrize("claimed", [each for each in EvidenceClass if counts_as_card(each)])
def test_h8_a_hold_does_not_show_that_the_member_is_there_nor_does_what_a_till_claims(
    hq: ServedHq, member: MemberId, claimed: EvidenceClass
) -> None:
    thief = ReservingTill(hq, "S02")
    thief.follow_rulebook()
    held, reply = thief.hold(member, 150_000)
    assert not reply.refusal
    pay(thief.pushing, member, 150_000, claimed=claimed, hold=held.hold_id)
    reply_of_push = thief.pushing.push()
    assert codes(reply_of_push) == [EXCEEDED]
    (found,) = reply_of_push.outcomes[0].findings
    assert found.data == {"amount_minor": 150_000, "limit_minor": LIMIT, "used_minor": 0}
    assert taken(hq, member) == 0
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "card_exceeded"))
        assert (raised.kind, raised.member_id, raised.store_id) == ("limit", member, "S02")


@pytest.mark.parametrize("pushes", [1, 2])
def test_h8_one_till_takes_by_the_card_what_the_card_may_pay_and_no_more(
    hq: ServedHq, away: PushingTill, member: MemberId, pushes: int
) -> None:
    pay(away, member, LIMIT - 100)
    found = codes(away.push()) if pushes == 2 else []
    pay(away, member, 101)
    pay(away, member, 100)
    pay(away, member, 1)
    assert found + codes(away.push()) == [[], EXCEEDED, [], EXCEEDED]
    assert taken(hq, member) == LIMIT


def test_what_other_tills_add_is_told_and_booked(
    hq: ServedHq, home: PushingTill, away: PushingTill, member: MemberId
) -> None:
    """Each counted its own: neither could know of the other while it was offline."""
    pay(home, member, LIMIT)
    pay(away, member, LIMIT)
    assert (codes(home.push()), codes(away.push())) == ([[]], [TOLD])
    assert taken(hq, member) == 2 * LIMIT


def test_what_risk_and_card_leave_without_evidence_is_one_amount(hq: ServedHq, away: PushingTill) -> None:
    """Part of it nothing covers, and the rest is more than the card may pay."""
    limit(hq, LIMIT)
    thief = ReservingTill(hq, "S02")
    member = thief.pushing.enrol_member()
    thief.follow_rulebook()
    thief.pushing.top_up(member, BALANCE)
    thief.pushing.push()
    held, _ = thief.hold(member, 40_000)
    no_risk(hq)
    thief.follow_rulebook()
    pay(thief.pushing, member, 100_000, hold=held.hold_id)
    (outcome,) = thief.pushing.push().outcomes
    assert [(found.code, found.data["amount_minor"]) for found in outcome.findings] == [
        ("risk_exceeded", 60_000),
        ("card_exceeded", 40_000),
    ]
    assert taken(hq, member) == 0


def no_risk(hq: ServedHq) -> None:
    with hq.database.write() as session:
        book = hq.office.rulebooks.all(session).newest_book
        book = replace(book, version=book.version + 1, offline=OfflinePolicy(leases=LeasePolicy(tills_max=0)))
        publish_rulebook(session, hq.office.keys, write_rulebook(book), by="test", now=hq.clock.at)


def test_a_limit_that_was_changed_in_the_day_holds_from_the_next_payment_on(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    pay(away, member, LIMIT)
    hq.clock.pass_(minutes=1)
    limit(hq, LIMIT + 500)
    away.rulebook += 1
    pay(away, member, 500)
    hq.clock.pass_(minutes=1)
    limit(hq, 10_000)
    away.rulebook += 1
    pay(away, member, 1)
    assert codes(away.push()) == [[], [], EXCEEDED]
    assert taken(hq, member) == LIMIT + 500


def test_h8_a_pin_that_is_not_proven_has_the_cards_limit_and_an_honest_counter_does_not_count_it(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    pins = PinTill(away)
    pins.pay(member, LIMIT + 1, bytes(32))
    pins.pay(member, LIMIT, bytes(32))
    pins.pay(member, 1, bytes(32))
    pay(away, member, LIMIT)
    unproven = "pin_not_proven"
    assert codes(away.push()) == [[unproven, "card_exceeded"], [unproven], [unproven, "card_exceeded"], TOLD]
    assert taken(hq, member) == 2 * LIMIT


def test_a_proven_pin_knows_no_limit_and_takes_nothing_of_the_cards(
    hq: ServedHq, home: PushingTill, member: MemberId
) -> None:
    pins = PinTill(home)
    secret = pins.set_pin(member)
    pins.pay(member, 4 * LIMIT, secret.key)
    pay(home, member, LIMIT)
    assert codes(home.push()) == [[], [], []]
    assert taken(hq, member) == 5 * LIMIT


@pytest.mark.parametrize("days", [(0, -1, 0, -1), (-1, -2, -3, -4), (-9, -8, -7, -6), (-9, -1, -5, 0)])
def test_h8_no_order_of_days_gives_a_till_more_than_two_days_of_the_card(
    hq: ServedHq, away: PushingTill, member: MemberId, days: tuple[int, ...]
) -> None:
    for day in days:
        pay(away, member, LIMIT, TODAY + timedelta(days=day))
        away.push()
    assert taken(hq, member) <= 2 * LIMIT


def test_h8_a_till_that_kept_silent_for_days_does_not_spread_todays_holds_over_them(
    hq: ServedHq, member: MemberId
) -> None:
    """Its anchor is old, but head office knows when it granted the holds."""
    thief = ReservingTill(hq, "S02")
    thief.follow_rulebook()
    old = thief.pushing.anchor
    hq.clock.pass_(days=9)
    thief.pushing.open_session()
    for day in range(8):
        thief.pushing.anchor = old
        held, _ = thief.hold(member, LIMIT)
        pay(thief.pushing, member, LIMIT, TODAY + timedelta(days=day), hold=held.hold_id)
        reply = thief.pushing.push(head=thief.pushing.head())
        assert codes(reply) == ([[]] if day == 0 else [EXCEEDED])
    assert taken(hq, member) == LIMIT


def test_a_till_that_was_away_for_days_takes_the_cards_limit_each_day(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    for day in range(2):
        away.business_date = TODAY + timedelta(days=day)
        pay(away, member, LIMIT)
        hq.clock.pass_(days=1)
    away.open_session()
    assert codes(away.push()) == [[], []]
    assert taken(hq, member) == 2 * LIMIT


def test_a_shift_that_nobody_closed_is_not_blamed_for_the_days_it_went_on(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    found = []
    away.business_date = TODAY
    for _ in range(5):
        pay(away, member, LIMIT // 5)
        found += codes(away.push())
        hq.clock.pass_(days=1)
        away.open_session()
    assert {code for told in found for code in told} <= {"outside_anchors"}
    assert taken(hq, member) == LIMIT


def test_h8_a_day_to_come_takes_nothing_of_that_days_card(
    hq: ServedHq, home: PushingTill, away: PushingTill, member: MemberId
) -> None:
    pay(away, member, LIMIT, date(2031, 1, 1))
    (outcome,) = away.push().outcomes
    assert [(found.code, found.data["counted_on"]) for found in outcome.findings] == [
        ("outside_anchors", TODAY.isoformat())
    ]
    held = wallet_of(hq, member)
    assert (held.static_card_day, held.static_card_minor) == (TODAY, LIMIT)
    pay(away, member, LIMIT, date(2031, 1, 2))
    assert codes(away.push()) == [["outside_anchors", "card_exceeded"]]
    hq.clock.pass_(days=1)
    home.business_date = TODAY + timedelta(days=1)
    home.open_session()
    pay(home, member, LIMIT)
    assert codes(home.push()) == [[]]
    assert taken(hq, member) == 2 * LIMIT


def test_h7_of_a_kind_that_nobody_here_knows_the_header_has_the_cards_limit(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    newer_entry(hq, away, member, out_minor=LIMIT)
    newer_entry(hq, away, member, out_minor=1)
    pay(away, member, 1)
    assert codes(away.push()) == [["unknown_kind"], ["unknown_kind", "card_exceeded"], EXCEEDED]
    assert taken(hq, member) == LIMIT


def test_h1_what_a_till_wrote_before_a_restore_is_told_and_booked(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    pay(away, member, LIMIT)
    pay(away, member, 500)
    restored(hq)
    away.anchor = None
    away.open_session()
    assert codes(away.push()) == [[], TOLD]
    pay(away, member, 1)
    assert codes(away.push()) == [EXCEEDED], "it counted its own"
    assert taken(hq, member) == LIMIT + 500


@pytest.mark.parametrize("restores", [1, 2])
def test_h8_what_a_hold_of_a_later_epoch_pays_was_not_written_before_a_restore(
    hq: ServedHq, member: MemberId, restores: int
) -> None:
    """A till in strange hands never reports after a restore, and goes on pinning its anchor of before."""
    thief = ReservingTill(hq, "S02")
    thief.follow_rulebook()
    old = thief.pushing.anchor
    restored(hq)
    for _ in range(2):
        thief.pushing.open_session()
        held, reply = thief.hold(member, LIMIT + 1)
        assert not reply.refusal
        for _ in range(restores - 1):
            restored(hq)
            thief.pushing.open_session()
        thief.pushing.anchor = old
        pay(thief.pushing, member, LIMIT + 1, hold=held.hold_id)
        assert codes(thief.pushing.push()) == [EXCEEDED]
        hq.clock.pass_(days=1)
    assert taken(hq, member) == 0


def test_an_entry_that_is_judged_again_counts_once(hq: ServedHq, away: PushingTill, member: MemberId) -> None:
    """A member whose wallet another till changed meanwhile is done again."""
    pay(away, member, LIMIT)
    with hq.database.read() as session:
        row = read_terminal(session, away.store_id, away.terminal_id)
        book = hq.office.rulebooks.all(session).newest_book
        assert row is not None
        again = Incoming(
            entry=away.entries[-1],
            attachment=b"",
            event=None,
            event_id=away.entries[-1].header.id,
            kind=Redeemed.kind,
            member_id=member,
            store_id=StoreId(away.store_id),
            receipt_no="",
            business_date=TODAY,
            rulebook=replace(book, limits=replace(book.limits, static_card_day_minor=LIMIT)),
        )
        days, held = CardDays(row), replace(wallet_of(hq, member), static_card_day=TODAY, static_card_minor=1)
        for _ in range(3):
            days.learn(session, [again], {member: held}, lambda _each, _wallet: False)
            assert days.judge(again, held, ()) is None


def set_by(till: PushingTill, member: MemberId) -> list[list[str]]:
    PinTill(till).set_pin(member)
    return codes(till.push())


def test_h8_a_first_pin_by_the_card_away_from_home_is_told_where_the_wallet_is_worth_it(
    hq: ServedHq, away: PushingTill, member: MemberId
) -> None:
    assert set_by(away, member) == [["pin_set_away"]]
    assert wallet_of(hq, member).pin_is_set, "members do come with their cards"
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "pin_set_away"))
        assert (raised.kind, raised.member_id, raised.store_id) == ("limit", member, "S02")
    nothing_differs(hq)


def test_a_first_pin_at_home_or_of_a_wallet_that_the_card_empties_anyway_is_not_told(
    hq: ServedHq, home: PushingTill, away: PushingTill, member: MemberId
) -> None:
    assert set_by(home, member) == [[]]
    other = home.enrol_member(phone="+8613800009999")
    home.top_up(other, LIMIT)
    home.push()
    assert set_by(away, other) == [[]]
