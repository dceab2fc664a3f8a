"""The tables of carts, orders, passes and coupons: amounts worked out by hand from docs/CART.md."""

import pytest

from stored_value.apply import apply
from stored_value.events import WalletEvent
from stored_value.postings import imbalance
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet
from tests.stored_value.loyalty_cases import Table
from tests.stored_value.order_cases import (
    event_of,
    load,
    price_of,
    refusal_of,
    seen_of_event,
    seen_of_price,
    wallet_of,
)

ROWS = [
    (name, *row)
    for name in ("cart.toml", "orders.toml", "order_refunds.toml", "taking_back.toml")
    for row in load(name)
]


def after_given(case: Table, book: Rulebook) -> tuple[Wallet, list[WalletEvent]]:
    wallet = wallet_of(case)
    past: list[WalletEvent] = []
    for row in case.get("given", []):
        past.append(event_of(row, wallet, book, past))
        wallet = apply(wallet, past[-1], book).wallet
    return wallet, past


@pytest.mark.parametrize(("file", "case", "book"), ROWS, ids=[f"{row[0]}: {row[1]['name']}" for row in ROWS])
def test_a_row_of_the_tables(file: str, case: Table, book: Rulebook) -> None:
    (wallet, past), when, then = after_given(case, book), case["when"], case["then"]
    if when.get("ask") == "price":
        seen = seen_of_price(price_of(when, wallet, book))
    elif "ask" in when:
        refusal = refusal_of(when, wallet, book, past)
        seen = {"refusal": refusal.code.value if refusal else "none", "data": refusal.data if refusal else {}}
    else:
        done = apply(wallet, event_of(when, wallet, book, past), book)
        assert imbalance(done.postings) == {}
        seen = seen_of_event(done)
    wanted = {**then, "postings": sorted(then["postings"])} if "postings" in then else then
    assert {key: seen[key] for key in wanted} == wanted
