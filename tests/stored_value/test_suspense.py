"""Deciding about suspense (H8): the member pays what was his doing, out of what is free, as any payment; or the store bears it; once, and a refund agrees with either."""

from dataclasses import replace

import pytest

from stored_value.apply import HeaderFacts, apply, settle_header
from stored_value.events_money_out import SuspenseDecided, SuspenseVerdict
from stored_value.identity import EventId, MemberId, StoreId, TerminalId
from stored_value.loyalty_policy import PointsPolicy
from stored_value.occasion import EvidenceClass
from stored_value.points import usable_points_total
from stored_value.postings import Account, Posting
from stored_value.refusals import RefusalCode
from stored_value.suspense import refuse_decision, suspended_minor
from stored_value.wallet import ValueKind, Wallet, WalletStatus
from tests.stored_value.miniature import DAY, MEMBER, PLAIN_BOOK, occasion, principal, redeem, refund, top_up
from tests.stored_value.test_reservations import HERE, holding, kept

S02 = StoreId("S02")
POINTS_BOOK = replace(PLAIN_BOOK, points=PointsPolicy(spend_points=1, spend_per_minor=100))
MEMBERS, STORES = SuspenseVerdict.MEMBER, SuspenseVerdict.STORE


def decided(verdict: SuspenseVerdict, amount_minor: int = 80_00) -> SuspenseDecided:
    return SuspenseDecided(
        occasion=occasion("d1", "HQ", EvidenceClass.NOT_NEEDED),
        member_id=MEMBER,
        payment_id=EventId("r1"),
        serving_store=S02,
        verdict=verdict,
        amount_minor=amount_minor,
        reason="小票上有签名",
    )


def suspended(balance_minor: int, *lines: int) -> Wallet:
    """S01 took the top-up; S02 served `lines`, of which nothing is proved."""
    paid = redeem("r1", *lines, store="S02")
    return apply(holding(balance_minor), paid, PLAIN_BOOK, unproved_minor=sum(lines)).wallet


def by_kind(held: Wallet) -> dict[ValueKind, tuple[int, int]]:
    """Drawn and put back, of the one purchase."""
    found: dict[ValueKind, tuple[int, int]] = {}
    for line in held.purchases[0].lines:
        for part in line.parts:
            drawn, back = found.get(part.kind, (0, 0))
            found[part.kind] = drawn + part.drawn_minor, back + part.returned_minor
    return found


def test_the_members_doing_is_drawn_and_settled_as_any_payment() -> None:
    done = apply(suspended(100_00, 50_00, 30_00), decided(MEMBERS), PLAIN_BOOK)
    assert (principal(done.wallet), done.wallet.owed_minor, done.wallet.spent_minor) == (20_00, 0, 80_00)
    assert set(done.postings) == {
        Posting(S02, Account.SUSPENSE, -80_00),
        Posting(S02, Account.CLEARING, 80_00, "S01"),
        Posting(StoreId("S01"), Account.CLEARING, -80_00, "S02"),
        Posting(StoreId("S01"), Account.PRINCIPAL_LIABILITY, 80_00),
    }
    assert by_kind(done.wallet) == {ValueKind.PRINCIPAL: (80_00, 0)}
    assert suspended_minor(done.wallet.purchases[0]) == 0


def test_what_the_member_does_not_have_is_owed_and_paid_by_the_next_top_up() -> None:
    done = apply(suspended(50_00, 80_00), decided(MEMBERS), PLAIN_BOOK).wallet
    assert (principal(done), done.owed_minor) == (0, 30_00)
    assert by_kind(done) == {ValueKind.PRINCIPAL: (50_00, 0), ValueKind.RECEIVABLE: (30_00, 0)}
    assert principal(apply(done, top_up("t2", 100_00), PLAIN_BOOK).wallet) == 70_00


def test_what_the_store_bears_costs_the_member_nothing_and_leaves_nothing_to_refund() -> None:
    done = apply(suspended(100_00, 80_00), decided(STORES), PLAIN_BOOK)
    assert (principal(done.wallet), done.wallet.owed_minor, done.wallet.spent_minor) == (100_00, 0, 0)
    assert set(done.postings) == {
        Posting(S02, Account.SUSPENSE, -80_00),
        Posting(S02, Account.SUSPENSE_BORNE, 80_00),
    }
    assert done.wallet.purchases[0].refundable_minor == 0
    again = apply(done.wallet, refund("f1", "r1", {1: 80_00}, "S02"), PLAIN_BOOK)
    assert (again.postings, principal(again.wallet)) == ((), 100_00)
    assert [found.code.value for found in again.findings] == ["refund_exceeds_purchase"]


def test_a_refund_after_the_member_paid_gives_it_back_to_him() -> None:
    done = apply(suspended(100_00, 80_00), decided(MEMBERS), PLAIN_BOOK).wallet
    back = apply(done, refund("f1", "r1", {1: 30_00}, "S02"), PLAIN_BOOK).wallet
    assert (principal(back), back.spent_minor) == (50_00, 50_00)


@pytest.mark.parametrize("verdict", SuspenseVerdict)
def test_what_was_given_back_before_is_not_decided_about(verdict: SuspenseVerdict) -> None:
    held = apply(suspended(100_00, 80_00), refund("f1", "r1", {1: 30_00}, "S02"), PLAIN_BOOK).wallet
    assert suspended_minor(held.purchases[0]) == 50_00
    done = apply(held, decided(verdict), PLAIN_BOOK)
    assert Posting(S02, Account.SUSPENSE, -50_00) in done.postings
    assert principal(done.wallet) == (50_00 if verdict is MEMBERS else 100_00)
    assert done.wallet.purchases[0].refundable_minor == (50_00 if verdict is MEMBERS else 0)


def test_a_second_decision_finds_nothing() -> None:
    held = apply(suspended(100_00, 80_00), decided(STORES), PLAIN_BOOK).wallet
    again = apply(held, decided(MEMBERS), PLAIN_BOOK)
    assert (again.postings, principal(again.wallet), again.wallet.receivables) == ((), 100_00, ())


def test_only_the_part_in_suspense_moves() -> None:
    paid = redeem("r1", 60_00, 40_00, store="S02")
    held = apply(holding(100_00), paid, PLAIN_BOOK, unproved_minor=70_00).wallet
    done = apply(held, decided(STORES, 70_00), PLAIN_BOOK).wallet
    assert principal(done) == 70_00
    assert by_kind(done) == {ValueKind.PRINCIPAL: (30_00, 0), ValueKind.SUSPENSE: (70_00, 70_00)}
    assert done.purchases[0].refundable_minor == 30_00


def test_the_member_earns_by_it_as_by_any_spending_and_a_refund_takes_it_back() -> None:
    paid = redeem("r1", 100_00, store="S02")
    held = apply(holding(100_00), paid, POINTS_BOOK, unproved_minor=70_00).wallet
    assert usable_points_total(held, DAY) == 30
    done = apply(held, decided(MEMBERS, 70_00), POINTS_BOOK).wallet
    assert (usable_points_total(done, DAY), done.spent_minor) == (100, 100_00)
    back = apply(done, refund("f1", "r1", {1: 100_00}, "S02"), POINTS_BOOK).wallet
    assert (usable_points_total(back, DAY), back.spent_minor, principal(back)) == (0, 0, 100_00)


@pytest.mark.parametrize(
    ("verdict", "left", "into"), [(MEMBERS, 51_00, None), (STORES, 100_00, Account.SUSPENSE_BORNE)]
)
def test_a_payment_that_is_not_understood_is_decided_by_its_amount(
    verdict: SuspenseVerdict, left: int, into: Account | None
) -> None:
    facts = HeaderFacts(
        event_id=EventId("r1"),
        store_id=S02,
        terminal_id=TerminalId("S02-T1"),
        on=DAY,
        rulebook=1,
        in_minor=0,
        out_minor=49_00,
        unproved_minor=49_00,
    )
    held = settle_header(holding(100_00), facts, PLAIN_BOOK).wallet
    done = apply(held, decided(verdict, 49_00), PLAIN_BOOK)
    assert principal(done.wallet) == left
    assert Posting(S02, Account.SUSPENSE, -49_00) in done.postings
    assert into is None or Posting(S02, into, 49_00) in done.postings


def test_the_member_is_not_made_to_pay_out_of_what_a_till_may_spend() -> None:
    """H5: 100, of which a till leases 60; 40 are free."""
    held = holding(100_00, kept("lease", 60_00, till=HERE))
    assert refuse_decision(held, 40_00, MEMBERS, DAY) is None
    refused = refuse_decision(held, 40_01, MEMBERS, DAY)
    assert refused is not None
    assert (refused.code, refused.data) == (RefusalCode.RESERVED_ELSEWHERE, {"reserved_minor": 60_00})
    assert refuse_decision(held, 40_01, STORES, DAY) is None
    assert refuse_decision(holding(10_00), 40_00, MEMBERS, DAY) is None, "the rest is owed"


def test_a_closed_account_owes_nothing_more_and_a_merged_one_leads_to_the_survivor() -> None:
    closed = replace(holding(100_00), status=WalletStatus.CLOSED)
    refused = refuse_decision(closed, 1, MEMBERS, DAY)
    assert refused is not None
    assert refused.code is RefusalCode.WALLET_NOT_ACTIVE
    assert refuse_decision(closed, 1, STORES, DAY) is None
    assert refuse_decision(replace(closed, merged_into=MemberId("m2")), 1, MEMBERS, DAY) is None


@pytest.mark.parametrize("verdict", SuspenseVerdict)
def test_nothing_to_decide_is_refused(verdict: SuspenseVerdict) -> None:
    refused = refuse_decision(holding(100_00), 0, verdict, DAY)
    assert refused is not None
    assert refused.code is RefusalCode.NOTHING_IN_SUSPENSE
