"""What an order does beside its tables: points earned on all that was paid, a holding that a merge carried away, settled orders across the wire."""

from dataclasses import replace

from stored_value.apply import apply
from stored_value.events_order import OrderRefunded
from stored_value.findings import FindingCode
from stored_value.loyalty_policy import PointsPolicy
from stored_value.postings import Account, imbalance
from stored_value.wallet import HoldingKind, Wallet
from sync.wallet_codec import read_purchase, read_wallet, write_purchase, write_wallet
from tests.stored_value.order_cases import event_of, load, wallet_of

BOOK = load("cart.toml")[0][1]


def test_points_are_earned_on_cash_and_balance_but_not_on_coupons_and_go_with_a_refund() -> None:
    book = replace(BOOK, points=replace(BOOK.points, spend_points=1, spend_per_minor=100))
    held = wallet_of({"has": {"principal": "100"}, "holds": {"c": {"item": "off20"}}})
    order = {"do": "order", "id": "o1", "items": [{"price": "120"}], "coupons": ["c"], "tenders": {"cash": "40.50"}}
    after = apply(held, event_of(order, held, book), book).wallet
    assert after.quantity(HoldingKind.POINTS) == 100  # one a yuan: 40.50 cash and 59.50 of the balance
    assert after.spent_minor == 10_000
    back = {"do": "refund_order", "id": "f1", "order": "o1", "back": {"1": "60"}}
    refunded = apply(after, event_of(back, after, book), book).wallet
    assert refunded.quantity(HoldingKind.POINTS) == 50
    assert refunded.spent_minor == 5_000


def test_points_are_earned_once_rounded_down_over_all_tenders() -> None:
    book = replace(BOOK, points=PointsPolicy(spend_points=1, spend_per_minor=100))
    held = wallet_of({"has": {"principal": "100"}})
    order = {"do": "order", "id": "o1", "items": [{"price": "2"}], "tenders": {"cash": "0.50", "wechat": "0.60"}}
    after = apply(held, event_of(order, held, book), book).wallet
    assert after.quantity(HoldingKind.POINTS) == 2


def order_in_suspense() -> tuple[Wallet, OrderRefunded]:
    """The wallet after an order for 500 points of which 300 were there, and its refund as a till plans it."""
    held = wallet_of({"has": {"principal": "10"}, "holds": {"p": {"kind": "points", "quantity": 300}}})
    claims = {"points": {"points": 500, "value_minor": 500}}
    order = {"do": "order", "id": "o1", "items": [{"price": "38"}], "claims": claims, "tenders": {"cash": "23"}}
    after = apply(held, event_of(order, held, BOOK), BOOK).wallet
    refund = event_of({"do": "refund_order", "id": "f1", "order": "o1", "back": {"1": "38"}}, after, BOOK)
    assert isinstance(refund, OrderRefunded)
    return after, refund


def test_what_was_in_suspense_of_an_order_is_no_part_of_what_the_member_gets_back() -> None:
    """300 of 500 points were there: 2 yuan are the store's suspense, and the store's again when the order goes back."""
    after, refund = order_in_suspense()
    done = apply(after, refund, BOOK)
    assert (refund.balance_minor, done.wallet.total_minor, done.findings) == (1_000, 1_000, ())


def test_a_till_that_says_suspense_went_back_to_the_member_is_corrected_and_told() -> None:
    after, refund = order_in_suspense()
    done = apply(after, replace(refund, balance_minor=1_200), BOOK)
    (told,) = done.findings
    assert (told.code, told.data["expected_balance_minor"]) == (FindingCode.REFUND_DIFFERS, 1_000)
    assert done.wallet.total_minor == 1_000


def test_a_use_that_goes_back_after_a_merge_carried_its_pass_away_lands_here_to_be_swept() -> None:
    held = wallet_of({})
    for row in (
        {"do": "order", "id": "o1", "items": [{"price": "300", "sells": "cut10"}], "tenders": {"card": "300"}},
        {"do": "use_pass", "id": "u1", "pass": "o1/s/1", "units": 3, "item": "cut"},
    ):
        held = apply(held, event_of(row, held, BOOK), BOOK).wallet
    held = replace(held, holdings=())
    done = apply(held, event_of({"do": "refund_order", "id": "f1", "order": "u1", "units": {"1": 2}}, held, BOOK), BOOK)
    assert [finding.code for finding in done.findings] == [FindingCode.HOLDING_UNKNOWN]
    assert imbalance(done.postings) == {}
    owed = -sum(row.amount_minor for row in done.postings if row.account is Account.PASS_LIABILITY)
    (back,) = done.wallet.holdings
    assert (back.remaining, back.unreleased_minor, owed) == (2, 6_000, 6_000)


def test_a_settled_order_and_its_wallet_come_back_from_their_bytes() -> None:
    held = wallet_of({"has": {"principal": "100"}, "holds": {"c": {"item": "off20"}}})
    items = [{"price": "120", "tax": 600}, {"price": "300", "sells": "cut10"}]
    order = {"do": "order", "id": "o1", "items": items, "coupons": ["c"], "tenders": {"cash": "350"}}
    done = apply(held, event_of(order, held, BOOK), BOOK)
    assert read_purchase(write_purchase(done.purchases[0])) == done.purchases[0]
    assert read_wallet(write_wallet(done.wallet)) == replace(done.wallet, purchases=())
