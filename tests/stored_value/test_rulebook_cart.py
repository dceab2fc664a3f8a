"""Coupons, passes and the cart's policy in a rulebook document: read, written the same, every mistake named by its path."""

import json
from typing import Any

import pytest

from stored_value.cart_policy import CouponShape
from stored_value.rulebook_document import RulebookError, parse_rulebook, write_rulebook
from tests.stored_value.order_cases import load

NAME = {"zh": "券", "en": "coupon"}


def document(**parts: Any) -> str:
    tiers = [{"id": "basic", "name": NAME, "top_up_from_minor": 0}]
    return json.dumps({"version": 1, "effective_at": "2026-01-01T00:00:00Z", "tiers": tiers, **parts})


def test_the_shop_of_the_case_tables_is_written_as_it_was_read() -> None:
    book = load("cart.toml")[0][1]
    assert [known.shape for known in book.coupons][-2:] == [CouponShape.ITEM, CouponShape.AMOUNT]
    assert parse_rulebook(write_rulebook(book)) == book


def test_a_document_without_a_shop_has_none() -> None:
    book = parse_rulebook(document())
    assert (book.coupons, book.passes, book.cart.points_basis_points) == ((), (), 10_000)
    assert b"cart" not in write_rulebook(book)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"coupons": [{"id": "a", "name": NAME, "amount_minor": 1}]}, "coupons[0].shape"),
        ({"coupons": [{"id": "a", "name": NAME, "shape": "cash"}]}, "coupons[0].shape"),
        ({"coupons": [{"id": "a", "name": NAME, "shape": "amount"}]}, "coupons[0].amount_minor"),
        ({"coupons": [{"id": "a", "name": NAME, "shape": "percent", "basis_points": 10_001}]}, "coupons[0].basis_points"),
        ({"coupons": [{"id": "a", "name": NAME, "shape": "percent", "basis_points": 0}]}, "coupons[0].basis_points"),
        ({"coupons": [{"id": "a", "name": NAME, "shape": "item", "scope": {"items": [1]}}]}, "coupons[0].scope.items[0]"),
        ({"coupons": [{"id": "a", "name": NAME, "shape": "item"}] * 2}, "coupons"),
        ({"passes": [{"id": "p", "name": NAME, "quantity": 1}]}, "passes[0].kind"),
        ({"passes": [{"id": "p", "name": NAME, "kind": "points", "quantity": 1}]}, "passes[0].kind"),
        ({"passes": [{"id": "p", "name": NAME, "kind": "pass_uses"}]}, "passes[0].quantity"),
        ({"passes": [{"id": "p", "name": NAME, "kind": "pass_until"}]}, "passes[0].valid_days"),
        ({"cart": {"points_basis_points": 10_001}}, "cart.points_basis_points"),
        ({"cart": {"tier_on_member_price": 1}}, "cart.tier_on_member_price"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path(parts: dict[str, Any], path: str) -> None:
    with pytest.raises(RulebookError) as caught:
        parse_rulebook(document(**parts))
    assert path in [problem.path for problem in caught.value.problems]
