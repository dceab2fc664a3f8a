"""Promotions, tiers and points in a rulebook document: what is written is read again, old documents keep their meaning, each mistake is named by its path."""

import json
from pathlib import Path
from typing import Any

import pytest

from stored_value.document_reader import RulebookError
from stored_value.promotions import NO_TERMS
from stored_value.rulebook import PointsPolicy, TierPolicy
from stored_value.rulebook_document import parse_rulebook, write_rulebook
from tests.stored_value.loyalty_cases import load, rulebook_of
from tests.stored_value.test_loyalty_cases import FILES

EXAMPLE = Path(__file__).parents[2] / "docs" / "rulebook.example.json"


@pytest.mark.parametrize("file", FILES)
def test_what_is_written_is_read_again(file: str) -> None:
    for _, book in load(file):
        assert parse_rulebook(write_rulebook(book)) == book


def test_a_document_of_the_first_version_means_what_it_meant() -> None:
    book = parse_rulebook(
        b'{"version":1,"effective_at":"2026-01-01T00:00:00Z",'
        b'"tiers":[{"id":"basic","name":{"zh":"a","en":"a"},"top_up_from_minor":0}],'
        b'"promotions":[{"id":"p","type":"fixed_plan","name":{"zh":"a","en":"a"},"pay_minor":1,"bonus_minor":1,'
        b'"bonus_valid_days":null,"bearer":"collecting_store"}]}'
    )
    assert book.promotions[0].terms is NO_TERMS
    assert (book.tier_policy, book.points) == (TierPolicy(), PointsPolicy())
    assert book.tiers[0].points_percent == 100


def test_the_example_of_the_documentation_parses() -> None:
    book = parse_rulebook(EXAMPLE.read_bytes())
    assert parse_rulebook(write_rulebook(book)) == book


@pytest.mark.parametrize("document", [b"{}", b"[]", b"3", b""])
def test_a_document_without_anything_is_refused_in_words(document: bytes) -> None:
    with pytest.raises(RulebookError, match=r"document: .+; .+"):
        parse_rulebook(document)


STEP: dict[str, Any] = {"id": "s", "type": "per_step", "step_minor": 100, "each": {"bonus_minor": 1}}


def having(**changes: Any) -> dict[str, Any]:
    return {"promotions": [STEP | changes]}


def terms(**changes: Any) -> dict[str, Any]:
    return having(terms=changes)


@pytest.mark.parametrize(
    ("table", "path"),
    [
        (having(type="lottery"), "promotions[0].type"),
        (having(borne_by={"head_office": 50, "collecting_store": 40}), "promotions[0].borne_by"),
        (having(borne_by={"head_office": 120, "collecting_store": -20}), "promotions[0].borne_by.collecting_store"),
        (having(borne_by={}), "promotions[0].borne_by"),
        (having(borne_by=50), "promotions[0].borne_by"),
        (having(step_minor=0), "promotions[0].step_minor"),
        (having(step_minor="1000"), "promotions[0].step_minor"),
        (having(each={}), "promotions[0].each"),
        (having(each={"bonus_at_most_minor": 5, "points": 1}), "promotions[0].each.bonus_at_most_minor"),
        (having(each={"coupons": [{"count": 1}]}), "promotions[0].each.coupons[0].coupon_id"),
        (having(each={"passes": [{"pass_id": "a", "kind": "points"}]}), "promotions[0].each.passes[0].kind"),
        (having(each={"passes": [{"pass_id": "a", "kind": "pass_until"}]}), "promotions[0].each.passes[0]"),
        (having(each={"tier": {"valid_days": 3}}), "promotions[0].each.tier.tier_id"),
        (having(steps_at_most=0), "promotions[0].steps_at_most"),
        (having(type="ladder"), "promotions[0].rungs"),
        (
            having(
                type="ladder",
                rungs=[{"from_minor": 5, "gives": {"points": 1}}, {"from_minor": 5, "gives": {"points": 2}}],
            ),
            "promotions[0].rungs",
        ),
        (having(type="from_amount", from_minor=1, gives=3), "promotions[0].gives"),
        (having(type="fixed_plan", pay_minor=1), "promotions[0].bonus_minor"),
        (terms(conditions={"from_date": "1 May"}), "promotions[0].terms.conditions.from_date"),
        (terms(conditions={"weekdays": [0]}), "promotions[0].terms.conditions.weekdays"),
        (terms(conditions={"hours": [{"from_time": "9:00", "until_time": "10:00"}]}), "promotions[0].terms.conditions.hours[0].from_time"),
        (terms(conditions={"hours": [{"from_time": "09:00", "until_time": "09:00"}]}), "promotions[0].terms.conditions.hours[0]"),
        (terms(conditions={"tenders": ["gold"]}), "promotions[0].terms.conditions.tenders"),
        (terms(conditions={"stores": "S01"}), "promotions[0].terms.conditions.stores"),
        (terms(conditions={"first_only": "yes"}), "promotions[0].terms.conditions.first_only"),
        (terms(caps={"member": {"times": 0}}), "promotions[0].terms.caps.member.times"),
        (terms(release={"count": 1}), "promotions[0].terms.release.count"),
        (terms(release={"count": 400}), "promotions[0].terms.release.count"),
        (terms(release={"count": 2, "every": "year"}), "promotions[0].terms.release.every"),
        (terms(groups=[3]), "promotions[0].terms.groups[0]"),
        ({"tier_policy": {"measure": "mood"}}, "tier_policy.measure"),
        ({"tier_policy": {"window_days": 0}}, "tier_policy.window_days"),
        ({"tier_policy": {"measure": "spend"}}, "tiers[0].spend_from_minor"),
        ({"tiers": [{"id": "a", "top_up_from_minor": 1}]}, "tiers"),
        ({"tiers": [{"id": "a", "top_up_from_minor": 0, "discount_basis_points": 10_001}]}, "tiers[0].discount_basis_points"),
        ({"tiers": [{"id": "a", "top_up_from_minor": 0, "category_discounts": [{"basis_points": 1}]}]}, "tiers[0].category_discounts[0].category"),
        ({"points": {"spend_per_minor": 0}}, "points.spend_per_minor"),
        ({"points": {"rewards": [{"id": "a", "points": 0}]}}, "points.rewards[0].points"),
        ({"points": {"rewards": [{"id": "a", "points": 1}, {"id": "a", "points": 2}]}}, "points.rewards"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_mistake_is_named_by_its_path(table: dict[str, Any], path: str) -> None:
    with pytest.raises(RulebookError) as raised:
        rulebook_of(json.loads(json.dumps(table)))
    assert path in {problem.path for problem in raised.value.problems}
    assert all(problem.remedy for problem in raised.value.problems)
