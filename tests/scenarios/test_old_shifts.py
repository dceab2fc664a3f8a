"""A shift that nobody closes: it takes no money after its longest life, and what is dated by it brings back neither a promotion nor a bonus that is over (H8, H5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hq_server.franchise_data import rulebook
from stored_value.identity import PromotionId
from stored_value.promotions import Promotion
from stored_value.refusals import RefusalCode
from terminal.counter import workplace
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import done, refused

pytestmark = pytest.mark.slow


def plan_until_today(franchise: Franchise) -> Promotion:
    plan = next(each for each in rulebook(franchise.hq.clock.at).promotions if each.promotion_id == "plan-1000")
    conditions = replace(plan.terms.conditions, until_date=franchise.hq.clock.at.date())
    return replace(plan, terms=replace(plan.terms, conditions=conditions))


def test_h8_a_shift_that_nobody_closes_does_not_keep_an_ended_promotion(franchise: Franchise) -> None:
    wang = member_of("S01")
    franchise.rule(version=2, promotions=(plan_until_today(franchise),))
    till = franchise.till("S01-T1")
    assert till.top_up(wang, 100_000, "plan-1000").bonus_minor == 20_000
    franchise.pass_time(days=2)
    till.sync()
    assert refused(till.try_to_redeem(wang, 1_000)) is RefusalCode.SHIFT_TOO_OLD
    till.next_shift()
    quoted = done(till.counter.quote_top_up(wang, 100_000, PromotionId("plan-1000")))
    assert quoted.bonus_minor == till.top_up(wang, 100_000).bonus_minor == 0
    till.sync()
    assert franchise.books.balances()[wang] == 220_000
    assert franchise.books.findings("S01-T1") == {}, "an honest store is told nothing, its late closing neither"
    assert franchise.books.faults("S01-T1") == []


def test_h8_nor_does_a_till_whose_program_sells_on_in_it(franchise: Franchise, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an older program does, or one in strange hands: head office gives nothing by a day that is over."""
    wang = member_of("S01")
    franchise.rule(version=2, promotions=(plan_until_today(franchise),))
    till = franchise.till("S01-T1")
    monkeypatch.setattr(workplace, "left_of", lambda *_: timedelta(days=1))
    franchise.pass_time(days=3)
    till.sync()
    assert till.top_up(wang, 100_000, "plan-1000").bonus_minor == 20_000
    till.sync()
    assert franchise.books.balances()[wang] == 100_000
    assert franchise.books.findings("S01-T1") == {2: ("outside_anchors", "promise_differs")}
    assert franchise.books.faults("S01-T1") == []


def test_a_night_shift_past_midnight_sells_by_its_day(franchise: Franchise) -> None:
    wang = member_of("S01")
    franchise.rule(version=2, promotions=(plan_until_today(franchise),))
    till = franchise.till("S01-T1")
    franchise.pass_time(hours=20)
    till.sync()
    assert till.top_up(wang, 100_000, "plan-1000").bonus_minor == 20_000
    till.sync()
    assert franchise.books.balances()[wang] == 120_000
    assert franchise.books.findings("S01-T1") == {}
