"""The lint of rulebooks: a sound one passes in silence, each mistake is found where it stands, with words in both languages."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stored_value.bearing import Bearing
from stored_value.rulebook_check import CheckOptions, Severity, check_rulebook, mistakes
from tests.stored_value.loyalty_cases import rulebook_of

OPTIONS = CheckOptions(on=date(2026, 3, 2))
GOLD = {"id": "gold", "top_up_from_minor": 500_000}
BASIC = {"id": "basic", "top_up_from_minor": 0}


def offer(promotion_id: str, bonus: int = 1_000, least: int = 10_000, **terms: Any) -> dict[str, Any]:
    return {
        "id": promotion_id,
        "type": "from_amount",
        "from_minor": least,
        "gives": {"bonus_minor": bonus},
        "terms": terms,
    }


def plan(promotion_id: str, pay: int, bonus: int) -> dict[str, Any]:
    return {"id": promotion_id, "type": "fixed_plan", "pay_minor": pay, "bonus_minor": bonus}


def codes(*promotions: dict[str, Any], **book: Any) -> list[tuple[str, str]]:
    found = check_rulebook(rulebook_of({"promotions": list(promotions), **book}), OPTIONS)
    for complaint in found:
        assert re.search(r"[\u4e00-\u9fff]", complaint.says.zh)
        assert complaint.says.en.isascii() or "￥" in complaint.says.en
    return [(complaint.code, complaint.path) for complaint in found]


def test_a_sound_rulebook_passes_in_silence() -> None:
    first = {"id": "f", "type": "first_top_up", "from_minor": 10_000, "bonus_minor": 5_000}
    assert codes(plan("a", 50_000, 5_000), plan("b", 100_000, 20_000), first, tiers=[BASIC, GOLD]) == []


DATES = {"from_date": "2026-05-02", "until_date": "2026-05-01"}
MONDAY_ONLY = {"from_date": "2026-05-04", "until_date": "2026-05-05", "weekdays": [3, 7]}
CONDITIONS = "promotions[0].terms.conditions"


@pytest.mark.parametrize(
    ("promotion", "complaint"),
    [
        (offer("a", conditions=DATES), ("dates_reversed", CONDITIONS)),
        (
            {**offer("a"), "borne_by": {"head_office": 40, "serving_store": 60}},
            ("collecting_store_bears_nothing", "promotions[0].borne_by"),
        ),
        (offer("a", conditions=MONDAY_ONLY), ("no_such_weekday", CONDITIONS)),
        (offer("a", conditions={"tiers": ["platinum"]}), ("tier_unknown", f"{CONDITIONS}.tiers")),
        (offer("a", conditions={"tiers": ["basic", "platinum"]}), ("tier_unknown", f"{CONDITIONS}.tiers")),
        (offer("a", conditions={"tiers": ["gold"], "first_only": True}), ("first_above_lowest_tier", CONDITIONS)),
        ({**offer("a"), "below_minor": 10_000}, ("range_empty", "promotions[0]")),
        (offer("a", least=500_001), ("above_wallet_limit", "promotions[0]")),
        ({**offer("a"), "gives": {"tier": {"tier_id": "platinum"}}}, ("tier_unknown", "promotions[0]")),
        ({**offer("a"), "gives": {"coupons": [{"coupon_id": "tea"}]}}, ("coupon_unknown", "promotions[0]")),
        ({**offer("a"), "gives": {"passes": [{"pass_id": "wash"}]}}, ("pass_unknown", "promotions[0]")),
        (
            offer("a", conditions={"until_date": "2026-03-01"}),
            ("ended", f"{CONDITIONS}.until_date"),
        ),
        (offer("a", bonus=5_001), ("share_too_large", "promotions[0]")),
        (
            {
                "id": "a",
                "type": "ladder",
                "rungs": [
                    {"from_minor": 10_000, "gives": {"bonus_minor": 2_000}},
                    {"from_minor": 20_000, "gives": {"bonus_minor": 1_999}},
                ],
            },
            ("ladder_shrinks", "promotions[0].rungs[1]"),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_can_never_give_or_gives_too_much_is_found_where_it_stands(
    promotion: dict[str, Any], complaint: tuple[str, str]
) -> None:
    assert codes(promotion, tiers=[BASIC, GOLD]) == [complaint]


def test_the_last_day_and_the_stated_share_are_still_right() -> None:
    assert codes(offer("a", conditions={"until_date": "2026-03-02"})) == []
    assert codes(offer("a", bonus=5_000)) == []
    monday = {"from_date": "2026-05-04", "until_date": "2026-05-05", "weekdays": [2]}
    assert codes(offer("a", conditions=monday)) == []


def test_equal_priorities_in_a_group_are_a_mistake_in_any_order() -> None:
    one, other = offer("a", groups=["g"], priority=3), offer("b", groups=["g", "h"], priority=3)
    assert [code for code, _ in codes(one, other)] == ["equal_priority"]
    assert [code for code, _ in codes(other, one)] == ["equal_priority"]
    assert codes(one, {**other, "terms": {"groups": ["g"], "priority": 4}}) == []


def test_rules_that_give_together_are_a_warning_unless_they_cannot_meet() -> None:
    one = offer("a")
    assert codes(one, offer("b", least=20_000)) == [("overlap", "promotions[0]")]
    assert codes(one, plan("b", 100_000, 10_000)) == [("overlap", "promotions[0]")]
    assert codes(one, plan("b", 9_999, 1_000)) == []
    assert codes(offer("a", conditions={"weekdays": [1, 2]}), offer("b", conditions={"weekdays": [3]})) == []
    assert codes(offer("a", conditions={"stores": ["S01"]}), offer("b", conditions={"stores": ["S02"]})) == []
    april, may = {"from_date": "2026-04-01", "until_date": "2026-04-30"}, {"from_date": "2026-05-01"}
    assert codes(offer("a", conditions=april), offer("b", conditions=may)) == []
    assert codes(one, offer("b", conditions={"first_only": True})) == []


def test_the_same_plan_twice_is_a_mistake() -> None:
    assert codes(plan("a", 100_000, 10_000), plan("b", 100_000, 10_000)) == [("plan_twice", "promotions[0]")]


def test_a_tier_nobody_can_reach_is_found_but_not_one_that_is_given() -> None:
    far = {"id": "far", "top_up_from_minor": 10_000_001}
    assert codes(tiers=[BASIC, far]) == [("tier_out_of_reach", "tiers[1]")]
    month = {"id": "far", "top_up_from_minor": 900_000}
    assert codes(tiers=[BASIC, month], tier_policy={"window_days": 30}) == [("tier_out_of_reach", "tiers[1]")]
    given = {**offer("a"), "gives": {"tier": {"tier_id": "far"}}}
    assert codes(given, tiers=[BASIC, far]) == []


def test_points_that_nobody_can_earn_are_found() -> None:
    rewards = [{"id": "mug", "points": 10}]
    assert codes(points={"rewards": rewards}) == [("points_never_earned", "points.rewards")]
    assert codes(points={"rewards": rewards, "spend_points": 1}) == []
    assert codes({**offer("a"), "gives": {"points": 5}}, points={"rewards": rewards}) == []


def test_shares_of_a_bonus_that_do_not_come_to_the_whole_stop_publishing() -> None:
    book = rulebook_of({"promotions": [plan("a", 100_000, 10_000)]})
    short = replace(book.promotions[0], borne_by=Bearing(head_office=50, collecting_store=40))
    found = check_rulebook(replace(book, promotions=(short,)), OPTIONS)
    assert [complaint.code for complaint in mistakes(found)] == ["shares_not_whole"]


def test_only_mistakes_stop_publishing() -> None:
    book = rulebook_of({"promotions": [offer("a", bonus=9_999, conditions=DATES)]})
    found = check_rulebook(book, OPTIONS)
    assert {complaint.severity for complaint in found} == {Severity.MISTAKE, Severity.WARNING}
    assert [complaint.code for complaint in mistakes(found)] == ["dates_reversed"]
