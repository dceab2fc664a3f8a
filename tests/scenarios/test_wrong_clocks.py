"""Tills whose clocks are two hours wrong: they sync, keep their order, and bring back nothing that has ended (H8)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.franchise_data import rulebook
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.refusals import RefusalCode
from stored_value.rulebook_document import write_rulebook
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till, done, refused
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow


def set_wrong(till: Till, franchise: Franchise, hours: float) -> None:
    franchise.clocks[till.name].set_wall(franchise.hq.clock.at + timedelta(hours=hours))


def times_of(till: Till) -> list[datetime]:
    return [datetime.fromisoformat(entry.header["occurred_at"]) for entry in read_journal(till.data_dir).entries]


@pytest.mark.parametrize("hours", [-2, 2])
def test_h8_a_till_two_hours_wrong_syncs_and_its_entries_keep_their_order(franchise: Franchise, hours: int) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.sync()
    set_wrong(till, franchise, hours)
    till.top_up(wang, 100_000, "plan-1000")
    franchise.pass_time(minutes=5)
    till.sync()
    till.redeem(wang, 1_000)
    till.sync()
    times = times_of(till)
    assert times == sorted(times)
    assert franchise.books.balances()[wang] == 124_000, "promises of a rulebook in force are kept"
    assert franchise.books.faults("S01-T1") == []
    codes = set(franchise.books.findings("S01-T1").values())
    assert codes == ({("outside_anchors",)} if hours > 0 else set()), "only times that cannot be are flagged"


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_till_ten_minutes_off_sells_and_syncs_in_order_and_both_sides_say_so(
    franchise: Franchise, minutes: int
) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    set_wrong(till, franchise, minutes / 60)
    franchise.pass_time(minutes=6)
    till.top_up(wang, 100_000, "plan-1000")
    till.sync()
    till.redeem(wang, 1_000)
    till.sync()
    status = till.counter.status()
    assert (status.clock_off_s, status.pay_codes_blocked) == (minutes * 60, True)
    assert times_of(till) == sorted(times_of(till))
    assert franchise.books.balances()[wang] == 124_000
    with franchise.hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "clock_off")).all()
    assert [(each.terminal_id, each.kind, str(minutes * 60) in each.findings) for each in found] == [
        ("S01-T1", "clock", True)
    ]


def test_a_till_whose_clock_is_near_enough_is_left_alone(franchise: Franchise) -> None:
    till = franchise.till("S01-T1")
    set_wrong(till, franchise, 1.5 / 60)
    franchise.pass_time(minutes=6)
    till.sync()
    status = till.counter.status()
    assert (status.clock_off_s, status.pay_codes_blocked) == (0, False)
    set_wrong(till, franchise, 3 / 60)
    status = till.counter.status()
    assert (status.clock_off_s, status.pay_codes_blocked) == (180, False), "noticed without another exchange"
    with franchise.hq.database.read() as session:
        about = select(ExceptionRecord).where(ExceptionRecord.terminal_id == till.name)
        assert session.scalars(about).all() == []


def test_h8_a_till_set_back_in_time_finds_no_ended_promotion(franchise: Franchise) -> None:
    """It has heard that the promotion is over; setting its clock back does not bring it again, in the window or by request."""
    wang, till = member_of("S01"), franchise.till("S01-T1")
    assert [plan.pay_minor for plan in till.counter.plans()] == [100_000]
    end_promotions(franchise, after_hours=1)
    till.sync()
    assert till.counter.plans(), "a future rulebook is held, the present one in force"
    franchise.pass_time(hours=2)
    assert till.counter.plans() == (), "it takes effect by the clock alone"
    till.sync()
    set_wrong(till, franchise, -2)
    assert till.counter.plans() == ()
    quoted = done(till.counter.quote_top_up(wang, 100_000, None))
    assert quoted.bonus_minor == 0
    assert till.top_up(wang, 100_000).bonus_minor == 0
    answer = till.counter.quote_top_up(wang, 100_000, plan_id="plan-1000")  # type: ignore[arg-type]  # an id as text
    assert refused(answer) is RefusalCode.PLAN_UNKNOWN
    till.sync()
    assert franchise.books.balances()[wang] == 100_000
    assert franchise.books.findings("S01-T1") == {}
    times = times_of(till)
    assert times == sorted(times)
    assert times[-1] >= franchise.hq.clock.at - timedelta(seconds=1), "no entry is dated below the last anchor"


def test_h8_a_promotion_that_ended_while_a_till_was_cut_off_is_honoured(franchise: Franchise) -> None:
    """The till cannot have known; what its cashier promised is kept."""
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.unplug()
    end_promotions(franchise, after_hours=0)
    franchise.pass_time(hours=3)
    assert till.top_up(wang, 100_000, "plan-1000").bonus_minor == 25_000
    till.sync()
    assert franchise.books.balances()[wang] == 125_000
    assert till.counter.plans() == (), "now it knows"


def end_promotions(franchise: Franchise, *, after_hours: int) -> None:
    at = franchise.hq.clock.at
    ended = replace(rulebook(at + timedelta(hours=after_hours)), promotions=())
    with franchise.hq.database.write() as session:
        publish_rulebook(session, franchise.hq.office.keys, write_rulebook(ended), by="test", now=at)


@pytest.mark.parametrize(("days", "late"), [(12, False), (13, True)])
def test_l9_what_comes_when_the_books_of_its_month_are_closed_is_a_prior_period_item(
    franchise: Franchise, days: int, late: bool
) -> None:
    """Sold on 23 November, heard of on 5 or 6 December: applied with its own date, and finance is told of each entry that books money."""
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.sync()
    till.unplug()
    till.top_up(wang, 100_000, "plan-1000")
    till.redeem(wang, 1_000)
    franchise.pass_time(days=days)
    till.sync()
    assert franchise.books.balances()[wang] == 124_000
    with franchise.hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.kind == "period")).all()
    told = [(each.code, "2026-11-23" in each.findings) for each in found]
    assert told == ([("prior_period", True)] * 2 if late else [])
    assert franchise.books.rows("SELECT DISTINCT business_date FROM postings") == [("2026-11-23",)]
