"""What shows that the member was there, and the printed card's limit of a day: whatever is not proven counts as the card, and no order of days begins a day anew (H8)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored_value.apply import HeaderFacts, apply, settle_header
from stored_value.events import EvidenceClass
from stored_value.findings import Finding
from stored_value.identity import EventId, StoreId, TerminalId
from stored_value.presence import count_static_card, counts_as_card, shows_presence, static_card_used_minor
from stored_value.wallet import Wallet
from tests.stored_value.miniature import BOOK, DAY, PLAIN_BOOK, redeem, top_up, wallet

LIMIT = BOOK.limits.static_card_day_minor


def funded(amount_minor: int) -> Wallet:
    return apply(wallet(), top_up("t1", amount_minor), PLAIN_BOOK).wallet


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [each.code.value for each in found]


def counted(*payments: tuple[int, int]) -> tuple[Wallet, list[list[str]]]:
    """Of each payment, as day and amount, what is told."""
    held = replace(funded(5_000), purchases=())
    told = []
    for place, (day, amount) in enumerate(payments):
        done = apply(held, redeem(f"r{place}", amount, evidence=EvidenceClass.STATIC_CARD, day=day), PLAIN_BOOK)
        held = done.wallet
        told.append([code for code in codes(done.findings) if code == "static_card_limit"])
    return held, told


def test_only_the_payment_pin_shows_that_the_member_was_there() -> None:
    assert {each for each in EvidenceClass if shows_presence(each)} == {EvidenceClass.PIN}
    assert {each for each in EvidenceClass if not counts_as_card(each)} == {EvidenceClass.PIN, EvidenceClass.NONE}


@pytest.mark.parametrize("claimed", [each for each in EvidenceClass if counts_as_card(each)])
def test_h8_whatever_else_a_till_claims_counts_as_the_card(claimed: EvidenceClass) -> None:
    held = funded(100_000)
    first = apply(held, redeem("r1", LIMIT, evidence=claimed), PLAIN_BOOK)
    over = apply(first.wallet, redeem("r2", 1, evidence=claimed), PLAIN_BOOK)
    assert [codes(done.findings) for done in (first, over)] == [[], ["static_card_limit"]]


def test_what_head_office_puts_into_suspense_takes_nothing_of_the_day() -> None:
    held = funded(100_000)
    done = apply(held, redeem("r1", LIMIT, evidence=EvidenceClass.STATIC_CARD), PLAIN_BOOK, unproved_minor=LIMIT - 1)
    assert done.wallet.static_card_minor == 1


def test_h8_alternating_days_begin_no_day_anew() -> None:
    held, told = counted((1, LIMIT), (0, LIMIT), (1, 1), (0, 1), (-3, 1), (2, LIMIT), (1, 1))
    over = ["static_card_limit"]
    assert told == [[], [], over, over, over, [], over]
    assert (static_card_used_minor(held, DAY + timedelta(days=2)), held.static_card_day) == (
        LIMIT,
        DAY + timedelta(days=2),
    )


def test_a_till_whose_shift_goes_on_past_midnight_still_sees_what_it_took_before() -> None:
    held, told = counted((0, LIMIT), (1, 10))
    assert told == [[], []]
    assert static_card_used_minor(held, DAY) == LIMIT
    assert static_card_used_minor(held, DAY + timedelta(days=1)) == 10
    assert static_card_used_minor(held, DAY + timedelta(days=2)) == 0


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 9)), min_size=1, max_size=12))
def test_of_a_day_no_less_is_counted_than_was_taken_since_the_day_before_the_newest(
    payments: list[tuple[int, int]],
) -> None:
    """In whatever order: what was taken of a day that the wallet still counts is there, or on the day that took its place."""
    held = wallet()
    for day, amount in payments:
        before = static_card_used_minor(held, DAY + timedelta(days=day))
        held = count_static_card(held, DAY + timedelta(days=day), amount, PLAIN_BOOK, [])
        assert static_card_used_minor(held, DAY + timedelta(days=day)) == before + amount
    newest = max(day for day, _ in payments)
    taken = sum(amount for day, amount in payments if day == newest)
    assert static_card_used_minor(held, DAY + timedelta(days=newest)) == taken


@pytest.mark.parametrize("by_card", [True, False])
def test_h7_what_is_not_understood_counts_by_its_header(by_card: bool) -> None:
    facts = HeaderFacts(
        event_id=EventId("u1"),
        store_id=StoreId("S02"),
        terminal_id=TerminalId("S02-T1"),
        on=DAY,
        rulebook=1,
        in_minor=0,
        out_minor=LIMIT + 1,
        by_card=by_card,
    )
    done = settle_header(funded(100_000), facts, PLAIN_BOOK)
    assert codes(done.findings) == (["static_card_limit"] if by_card else [])
    suspended = settle_header(funded(100_000), replace(facts, unproved_minor=facts.out_minor), PLAIN_BOOK)
    assert (codes(suspended.findings), suspended.wallet.static_card_minor) == ([], 0)
