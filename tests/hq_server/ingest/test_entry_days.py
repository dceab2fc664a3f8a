"""Which day and hour an entry counts on: a date or an hour that its anchors do not allow brings back neither a promotion nor what has expired (H8, H5)."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, PostingRecord, WalletEventRecord
from hq_server.ingest.rebuild import differences
from stored_value.identity import MemberId
from stored_value.wallet import ValueKind
from sync.entry import write_entry
from sync.messages import Outcome
from tests.hq_server.own_journal.miniature import books_are_right, day, run, till_under, wallet_of
from tests.hq_server.served import TODAY, PushingTill, ServedHq

ANSWERED = {"why": "business_date", "counted_on": TODAY.isoformat()}


def till_with(hq: ServedHq, **conditions: object) -> PushingTill:
    """Under a rulebook with 充100送30 on these conditions."""
    plan = {
        "id": "plan",
        "type": "fixed_plan",
        "name": {"zh": "充100送30", "en": "Pay 100 get 30"},
        "pay_minor": 10_000,
        "bonus_minor": 3_000,
        "terms": {"conditions": conditions},
    }
    return till_under(hq, promotions=[plan])


def sold(till: PushingTill, member: MemberId) -> Outcome:
    till.plan_top_up(member, 10_000, "plan", 3_000)
    return till.push().outcomes[-1]


def bonus_of(hq: ServedHq, member: MemberId) -> int:
    return wallet_of(hq, member).balance_minor(ValueKind.BONUS)


def why_of(outcome: Outcome) -> dict[str, int | str]:
    return next(dict(found.data) for found in outcome.findings if found.code == "outside_anchors")


def heard(till: PushingTill) -> MemberId:
    """Its anchor is head office's of this moment."""
    member = till.enrol_member()
    till.push()
    return member


@pytest.mark.parametrize("days", [4, 25])
def test_h8_an_ended_promotion_is_not_brought_back_by_a_business_date(hq: ServedHq, days: int) -> None:
    till = till_with(hq, until_date=str(TODAY - timedelta(days=3)))
    member = heard(till)
    said = till.business_date = TODAY - timedelta(days=days)
    outcome = sold(till, member)
    assert outcome.status == "created"
    assert ANSWERED.items() <= why_of(outcome).items()
    assert why_of(outcome)["business_date"] == said.isoformat()
    assert (wallet_of(hq, member).total_minor, bonus_of(hq, member)) == (10_000, 0)
    with hq.database.read() as session:
        kept = select(WalletEventRecord.business_date).where(WalletEventRecord.kind == "topped_up")
        assert session.scalars(kept).all() == [TODAY], "the books are those of the day on which it was sold"
        assert set(session.scalars(select(PostingRecord.business_date))) == {TODAY}
        told = session.scalars(select(ExceptionRecord.code).where(ExceptionRecord.code == "outside_anchors")).all()
        assert len(told) == 1
        assert list(differences(session)) == []


def test_h8_who_says_a_day_that_cannot_be_gets_no_bonus_of_a_promotion_that_still_runs(hq: ServedHq) -> None:
    till = till_with(hq)
    member = heard(till)
    till.business_date = TODAY - timedelta(days=25)
    sold(till, member)
    assert bonus_of(hq, member) == 0


def test_a_shift_past_midnight_keeps_its_day_and_its_promotion(hq: ServedHq) -> None:
    """Opened on the promotion's last day in the morning, sold at four of the next night, the till in touch all the time."""
    till = till_with(hq, until_date=str(TODAY))
    hq.clock.pass_(hours=16)
    till.open_session()
    member = heard(till)
    till.business_date = TODAY
    outcome = sold(till, member)
    assert [found.code for found in outcome.findings] == []
    assert bonus_of(hq, member) == 3_000


def test_what_was_sold_while_cut_off_keeps_the_day_of_each_shift(hq: ServedHq) -> None:
    till = till_with(hq, until_date=str(TODAY + timedelta(days=1)))
    member = heard(till)
    for hours in (22, 24, 24):
        hq.clock.pass_(hours=hours)
        till.plan_top_up(member, 10_000, "plan", 3_000)
    till.open_session()
    outcomes = till.push().outcomes
    assert [[found.code for found in each.findings] for each in outcomes] == [
        [],
        ["promise_differs"],
        ["promise_differs"],
    ]
    assert bonus_of(hq, member) == 3_000


def test_a_day_to_come_counts_as_today(hq: ServedHq) -> None:
    till = till_with(hq, from_date=str(TODAY + timedelta(days=2)))
    member = heard(till)
    till.business_date = TODAY + timedelta(days=2)
    assert ANSWERED.items() <= why_of(sold(till, member)).items()
    assert bonus_of(hq, member) == 0


def test_a_clock_that_runs_ahead_over_midnight_keeps_the_bonus_of_today(hq: ServedHq) -> None:
    """ADR 0009: its members did nothing wrong; and it sells nothing of tomorrow."""
    till = till_with(hq, until_date=str(TODAY))
    member = heard(till)
    till.skew = timedelta(hours=13)
    outcome = sold(till, member)
    assert {"why": "time", "counted_on": TODAY.isoformat()}.items() <= why_of(outcome).items()
    assert bonus_of(hq, member) == 3_000
    books_are_right(hq)


def codes_of(outcome: Outcome) -> set[str]:
    return {found.code for found in outcome.findings}


def test_l9_what_counts_in_a_closed_month_is_told_though_its_clock_said_the_next_one(hq: ServedHq) -> None:
    """Sold on 23 November by a clock that was put right within minutes; heard of on 6 December."""
    till = till_with(hq)
    member = heard(till)
    till.skew = timedelta(days=13)
    till.plan_top_up(member, 10_000, "plan", 3_000)
    till.skew = timedelta()
    hq.clock.pass_(minutes=5)
    till.open_session()
    till.top_up(member, 5_000)
    hq.clock.pass_(days=13)
    till.open_session()
    ahead, right = till.push().outcomes
    assert why_of(ahead)["business_date"] == "2026-12-06"
    assert why_of(ahead)["counted_on"] == TODAY.isoformat()
    assert "prior_period" in codes_of(ahead)
    assert codes_of(right) == {"prior_period"}
    books_are_right(hq)


def test_l9_a_date_of_a_closed_month_makes_no_prior_period_item_of_what_is_sold_today(hq: ServedHq) -> None:
    till = till_with(hq)
    hq.clock.pass_(days=13)
    till.open_session()
    member = heard(till)
    till.business_date = TODAY
    outcome = sold(till, member)
    assert why_of(outcome)["counted_on"] == "2026-12-06"
    assert "prior_period" not in codes_of(outcome)


@pytest.mark.parametrize(("said", "bonus_minor"), [("12:00:30", 0), ("18:30:00", 0), ("nonsense", 0)])
def test_h8_a_promotion_of_some_hours_is_not_got_by_a_local_time(hq: ServedHq, said: str, bonus_minor: int) -> None:
    """Noon by head office's clock; the promotion is the evening's."""
    till = till_with(hq, hours=[{"from_time": "18:00", "until_time": "20:00"}])
    member = heard(till)
    event = till.plan_top_up(member, 10_000, "plan", 3_000)
    till.entries.pop()
    till.write(replace(event, occasion=replace(event.occasion, local_time=f"{TODAY} {said}")))
    outcome = till.push().outcomes[-1]
    told = [found.data for found in outcome.findings if found.code == "outside_anchors"]
    assert [each["why"] for each in told] == ([] if said == "12:00:30" else ["local_time"])
    assert bonus_of(hq, member) == bonus_minor
    books_are_right(hq)


def test_h5_a_business_date_does_not_revive_what_has_expired(hq: ServedHq) -> None:
    """What is sold today, anchored today, is not from before the expiry, whatever it says."""
    till = till_under(hq)
    member = till.enrol_member()
    till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    hq.clock.pass_(days=14)
    run(hq)
    till.open_session()
    till.business_date = day(9)
    till.redeem(member, 13_000)
    outcome = till.push().outcomes[-1]
    codes = {found.code for found in outcome.findings}
    assert "lot_revived" not in codes
    assert {"outside_anchors", "overdraft"} <= codes
    assert bonus_of(hq, member) == 0
    books_are_right(hq)


@pytest.mark.parametrize("anchor", ["none", "forged"])
def test_h5_nor_does_an_entry_without_an_anchor_or_with_a_forged_one(hq: ServedHq, anchor: str) -> None:
    till = till_under(hq)
    member = till.enrol_member()
    till.plan_top_up(member, 10_000, "ends", 3_000)
    till.push()
    old = till.anchor
    hq.clock.pass_(days=14)
    run(hq)
    till.open_session()
    till.enrol_member(phone="+8613900000002")
    till.push()
    assert old is not None
    till.business_date, till.skew = day(9), timedelta(days=-5)
    till.anchor = None if anchor == "none" else msgspec.structs.replace(old, rulebook=9)
    till.redeem(member, 13_000)
    codes = {found.code for found in till.push().outcomes[-1].findings}
    assert "lot_revived" not in codes
    assert "outside_anchors" in codes
    assert bonus_of(hq, member) == 0
    books_are_right(hq)


def test_an_entry_that_nobody_understands_counts_within_its_anchors(hq: ServedHq) -> None:
    """Settled by its header (H7), whose time is its only date."""
    till = till_under(hq)
    member = heard(till)
    event = till.top_up(member, 5_000)
    entry = till.entries.pop()
    header = msgspec.structs.replace(
        entry.header, kind="of_a_newer_program", occurred_at=entry.header.occurred_at + timedelta(days=400)
    )
    till.keep(write_entry(header, {"what": "a newer till knows"}))
    outcome = till.push().outcomes[-1]
    assert event.amount_minor == wallet_of(hq, member).total_minor
    assert why_of(outcome) == {"why": "time", "counted_on": TODAY.isoformat()}
    with hq.database.read() as session:
        assert set(session.scalars(select(PostingRecord.business_date))) == {TODAY}
    books_are_right(hq)
