"""What each event does to a wallet and to the books: amounts worked out by hand from the decisions."""

from dataclasses import replace
from datetime import date

import pytest

from stored_value.apply import HeaderFacts, apply, settle_header
from stored_value.events import EvidenceClass, ToppedUp
from stored_value.events_money_out import CashOutRequested
from stored_value.findings import FindingCode
from stored_value.identity import EventId, MemberId, StoreId, TerminalId
from stored_value.occasion import Tender, TenderKind
from stored_value.postings import Account, Posting
from stored_value.rulebook import BonusBearer, DrawOrder, FixedPlan
from stored_value.wallet import Wallet, WalletStatus
from tests.stored_value.miniature import (
    BOOK,
    DAY,
    FIRST,
    MEMBER,
    PLAIN_BOOK,
    PLAN,
    bonus,
    enrolled,
    occasion,
    principal,
    redeem,
    refund,
    reverse,
    top_up,
    wallet,
)

S01, S02 = StoreId("S01"), StoreId("S02")


def after(*events: object, held: Wallet | None = None) -> Wallet:
    held = held or wallet()
    for event in events:
        held = apply(held, event, BOOK).wallet  # type: ignore[arg-type] # any wallet event
    return held


def codes(found: tuple[object, ...]) -> list[str]:
    return [finding.code.value for finding in found]  # type: ignore[attr-defined] # findings


def test_a_first_top_up_of_1000_gives_250_and_silver() -> None:
    done = apply(wallet(), top_up("t1", 100_000, promised={PLAN: 20_000, FIRST: 5_000}), BOOK)
    assert (principal(done.wallet), bonus(done.wallet)) == (100_000, 25_000)
    assert done.wallet.tier_id == "silver"
    assert done.findings == ()
    assert set(done.postings) == {
        Posting(S01, Account.TENDER, 100_000, "cash"),
        Posting(S01, Account.PRINCIPAL_LIABILITY, -100_000),
        Posting(S01, Account.PROMOTION_COST, 20_000, "plan-1000"),
        Posting(S01, Account.PROMOTION_COST, 5_000, "first-50"),
        Posting(S01, Account.BONUS_LIABILITY, -25_000),
    }


def test_head_office_bears_a_bonus_when_the_promotion_says_so() -> None:
    book = replace(
        PLAIN_BOOK,
        promotions=(
            FixedPlan(
                promotion_id=PLAN,
                name=BOOK.promotions[0].name,
                pay_minor=100,
                bonus_minor=20,
                bearer=BonusBearer.HEAD_OFFICE,
            ),
        ),
    )
    done = apply(wallet(), top_up("t1", 100, promised={PLAN: 20}), book)
    assert set(done.postings) == {
        Posting(S01, Account.TENDER, 100, "cash"),
        Posting(S01, Account.PRINCIPAL_LIABILITY, -100),
        Posting(StoreId("HQ"), Account.PROMOTION_COST, 20, "plan-1000"),
        Posting(StoreId("HQ"), Account.CLEARING, -20, "S01"),
        Posting(S01, Account.CLEARING, 20, "HQ"),
        Posting(S01, Account.BONUS_LIABILITY, -20),
    }


def test_a_redemption_elsewhere_makes_the_collecting_store_owe_the_serving_one() -> None:
    held = after(top_up("t1", 100_000, promised={PLAN: 20_000}), held=replace(wallet(), top_up_count=1))
    done = apply(held, redeem("r1", 12_000, store="S02"), BOOK)
    assert (principal(done.wallet), bonus(done.wallet)) == (90_000, 18_000)
    assert set(done.postings) == {
        Posting(S01, Account.PRINCIPAL_LIABILITY, 10_000),
        Posting(S01, Account.BONUS_LIABILITY, 2_000),
        Posting(S01, Account.CLEARING, -12_000, "S02"),
        Posting(S02, Account.CLEARING, 12_000, "S01"),
        Posting(S02, Account.REVENUE, -12_000),
    }


@pytest.mark.parametrize(
    ("order", "left"),
    [
        (DrawOrder.PROPORTIONAL, (66_667, 13_333)),
        (DrawOrder.PRINCIPAL_FIRST, (60_000, 20_000)),
        (DrawOrder.BONUS_FIRST, (80_000, 0)),
    ],
)
def test_the_rulebook_orders_the_draw(order: DrawOrder, left: tuple[int, int]) -> None:
    book = replace(BOOK, draw_order=order)
    held = apply(replace(wallet(), top_up_count=1), top_up("t1", 100_000, promised={PLAN: 20_000}), book).wallet
    held = apply(held, redeem("r1", 40_000), book).wallet
    assert (principal(held), bonus(held)) == left


def test_lots_are_drawn_oldest_first_and_never_pro_rata() -> None:
    held = wallet()
    for event in (top_up("t2", 500, day=1), top_up("t1", 500)):
        held = apply(held, event, PLAIN_BOOK).wallet
    done = apply(held, redeem("r1", 600, day=2), PLAIN_BOOK)
    assert [(draw.lot_id, draw.amount_minor) for draw in done.draws] == [("t1/p", 500), ("t2/p", 100)]


def test_a_refund_by_line_puts_back_what_the_line_drew() -> None:
    held = after(top_up("t1", 100_000, promised={PLAN: 20_000}), held=replace(wallet(), top_up_count=1))
    held = after(redeem("r1", 10_000, 2_000, store="S02"), held=held)
    done = apply(held, refund("f1", "r1", {2: 2_000}, store="S02"), BOOK)
    # the order drew 10000 principal and 2000 bonus; line 2 is a sixth of it: 1667 and 333
    assert [(draw.kind.value, draw.amount_minor) for draw in done.draws] == [("principal", 1_667), ("bonus", 333)]
    assert (principal(done.wallet), bonus(done.wallet)) == (91_667, 18_333)
    assert Posting(S02, Account.CLEARING, -2_000, "S01") in done.postings


def test_a_line_refunded_in_pieces_ends_where_it_began() -> None:
    held = after(top_up("t1", 100_000, promised={PLAN: 20_000}), held=replace(wallet(), top_up_count=1))
    spent = after(redeem("r1", 999), held=held)
    for number, piece in enumerate((1, 332, 333, 333)):
        done = apply(spent, refund(f"f{number}", "r1", {1: piece}), BOOK)
        assert sum(draw.amount_minor for draw in done.draws) == piece
        spent = done.wallet
    assert spent.lots == held.lots


def test_a_refund_beyond_the_purchase_returns_only_the_rest_and_is_found() -> None:
    held = after(top_up("t1", 10_000), redeem("r1", 1_000), refund("f1", "r1", {1: 800}))
    done = apply(held, refund("f2", "r1", {1: 500}), BOOK)
    assert sum(draw.amount_minor for draw in done.draws) == 200
    assert codes(done.findings) == ["refund_exceeds_purchase"]


def test_a_refund_of_an_unknown_purchase_changes_nothing_and_is_found() -> None:
    held = after(top_up("t1", 10_000))
    done = apply(held, refund("f1", "nowhere", {1: 100}), BOOK)
    assert (done.wallet, done.postings) == (held, ())
    assert codes(done.findings) == ["purchase_unknown"]


def test_an_overdraft_is_owed_to_the_store_that_served() -> None:
    held = after(top_up("t1", 5_000))
    done = apply(held, redeem("r1", 8_000, store="S02"), BOOK)
    assert done.wallet.owed_minor == 3_000
    assert codes(done.findings) == ["overdraft"]
    assert Posting(S02, Account.OVERDRAFT_RECEIVABLE, 3_000) in done.postings


def test_the_next_inflow_pays_what_is_owed_first_and_a_refund_then_puts_it_into_that_lot() -> None:
    held = after(top_up("t1", 5_000), redeem("r1", 8_000, store="S02"))
    done = apply(held, top_up("t2", 4_000), BOOK)
    assert (done.wallet.owed_minor, principal(done.wallet)) == (0, 1_000)
    assert Posting(S01, Account.CLEARING, -3_000, "S02") in done.postings
    back = apply(done.wallet, refund("f1", "r1", {1: 8_000}, store="S02"), BOOK)
    assert principal(back.wallet) == 9_000


def test_refunding_an_overdrawn_purchase_mints_no_money() -> None:
    held = after(top_up("t1", 5_000), redeem("r1", 8_000))
    part = apply(held, refund("f1", "r1", {1: 2_000}), BOOK)
    assert (part.wallet.owed_minor, principal(part.wallet)) == (1_000, 0)
    whole = apply(part.wallet, refund("f2", "r1", {1: 6_000}), BOOK)
    assert (whole.wallet.owed_minor, principal(whole.wallet)) == (0, 5_000)


def test_provisional_bonus_is_neither_drawn_nor_counted_in_the_split() -> None:
    held = apply(
        wallet(), top_up("t1", 100_000, promised={PLAN: 20_000, FIRST: 5_000}), BOOK, provisional_bonus=True
    ).wallet
    done = apply(held, redeem("r1", 12_000), BOOK)
    assert [(draw.kind.value, draw.amount_minor) for draw in done.draws] == [("principal", 12_000)]
    assert bonus(done.wallet) == 25_000


def test_an_honest_first_top_up_promise_is_kept_once_per_promise() -> None:
    held = after(top_up("t1", 10_000, promised={FIRST: 5_000}))
    done = apply(held, top_up("t2", 10_000, "S02", promised={FIRST: 5_000}), BOOK)
    assert bonus(done.wallet) == 10_000
    assert codes(done.findings) == ["first_top_up_repeated"]


@pytest.mark.parametrize("promised", [{PLAN: 99_999}, {PLAN: 20_000}, {"no-such": 100}])
def test_a_promise_that_the_rulebook_never_made_is_not_kept(promised: dict[str, int]) -> None:
    held = replace(wallet(), top_up_count=1)
    done = apply(held, top_up("t1", 50_000, promised=promised), BOOK)  # type: ignore[arg-type] # ids as text
    assert bonus(done.wallet) == 0
    assert codes(done.findings) == ["promise_differs"]


def test_a_bonus_the_till_did_not_promise_is_given_and_found() -> None:
    done = apply(wallet(), top_up("t1", 20_000), BOOK)
    assert bonus(done.wallet) == 5_000
    assert codes(done.findings) == ["promise_differs"]


def test_without_evidence_the_member_keeps_the_money_and_the_store_waits() -> None:
    held = after(top_up("t1", 10_000))
    done = apply(held, redeem("r1", 4_000, evidence=EvidenceClass.NONE), BOOK)
    assert done.wallet.lots == held.lots
    assert set(done.postings) == {Posting(S01, Account.SUSPENSE, 4_000), Posting(S01, Account.REVENUE, -4_000)}
    assert codes(done.findings) == ["no_evidence"]
    undone = apply(done.wallet, refund("f1", "r1", {1: 4_000}), BOOK)
    assert undone.wallet.lots == held.lots
    assert set(undone.postings) == {Posting(S01, Account.SUSPENSE, -4_000), Posting(S01, Account.REVENUE, 4_000)}


def test_the_printed_card_has_a_limit_per_day_that_starts_again_tomorrow() -> None:
    held = after(top_up("t1", 100_000, promised={PLAN: 20_000, FIRST: 5_000}))
    first = apply(held, redeem("r1", 30_000, evidence=EvidenceClass.STATIC_CARD), BOOK)
    over = apply(first.wallet, redeem("r2", 1, evidence=EvidenceClass.STATIC_CARD), BOOK)
    tomorrow = apply(over.wallet, redeem("r3", 30_000, evidence=EvidenceClass.STATIC_CARD, day=1), BOOK)
    assert [codes(done.findings) for done in (first, over, tomorrow)] == [[], ["static_card_limit"], []]


@pytest.mark.parametrize("status", [WalletStatus.FROZEN, WalletStatus.LOST, WalletStatus.CLOSED])
def test_the_past_is_applied_to_a_closed_wallet_and_found(status: WalletStatus) -> None:
    held = replace(after(top_up("t1", 10_000)), status=status)
    done = apply(held, redeem("r1", 1_000), BOOK)
    assert principal(done.wallet) + bonus(done.wallet) == 14_000
    assert FindingCode.WALLET_NOT_ACTIVE.value in codes(done.findings)


def test_a_different_draw_than_the_till_expected_is_only_informative() -> None:
    held = after(top_up("t1", 10_000))
    done = apply(held, redeem("r1", 300, expected={"t1/p": 300}), BOOK)
    assert codes(done.findings) == ["draw_differs"]
    assert not done.findings[0].needs_a_person


def test_a_top_up_goes_back_whole_while_untouched() -> None:
    held = after(top_up("t1", 100_000, promised={PLAN: 20_000, FIRST: 5_000}))
    done = apply(held, reverse("x1", "t1", 100_000), BOOK)
    assert (done.wallet.total_minor, done.wallet.tier_id, done.wallet.top_up_count) == (0, "basic", 0)
    assert done.findings == ()
    assert Posting(S01, Account.TENDER, -100_000, "cash") in done.postings


def test_a_reversal_that_hands_out_more_than_it_names_costs_the_store_not_the_member() -> None:
    held = apply(wallet(), top_up("t1", 30_000), PLAIN_BOOK).wallet
    too_much = replace(reverse("v1", "t1", 30_000), tenders=(Tender(kind=TenderKind.CASH, amount_minor=90_000),))
    done = apply(held, too_much, PLAIN_BOOK)
    assert (done.wallet.owed_minor, principal(done.wallet)) == (0, 0)
    assert [each.code for each in done.findings] == [FindingCode.TENDERS_DISAGREE]
    assert set(done.postings) == {
        Posting(S01, Account.TENDER, -90_000, "cash"),
        Posting(S01, Account.UNEXPLAINED, 60_000),
        Posting(S01, Account.PRINCIPAL_LIABILITY, 30_000),
    }


def test_reversing_what_was_spent_meanwhile_makes_the_member_owe_it() -> None:
    held = after(top_up("t1", 10_000, promised={FIRST: 5_000}), redeem("r1", 3_000, store="S02"))
    done = apply(held, reverse("x1", "t1", 10_000), BOOK)
    assert (done.wallet.total_minor, done.wallet.owed_minor) == (-2_000, 2_000)
    assert codes(done.findings) == ["top_up_already_spent"]
    assert done.findings[0].data == {"drawn_minor": 2_000, "bonus_minor": 1_000}


def test_lines_that_do_not_add_up_are_settled_as_one() -> None:
    held = after(top_up("t1", 10_000))
    done = apply(held, replace(redeem("r1", 100, 200), amount_minor=500), BOOK)
    assert sum(draw.amount_minor for draw in done.draws) == 500
    assert codes(done.findings) == ["lines_disagree"]


def test_tenders_that_do_not_add_up_leave_the_difference_unexplained() -> None:
    wrong: ToppedUp = replace(top_up("t1", 10_000), amount_minor=12_000)
    done = apply(replace(wallet(), top_up_count=1), wrong, BOOK)
    assert Posting(S01, Account.UNEXPLAINED, 2_000) in done.postings
    assert "tenders_disagree" in codes(done.findings)


def test_enrolling_twice_is_found() -> None:
    assert apply(wallet(), enrolled(), BOOK).findings == ()
    assert codes(apply(replace(wallet(), version=3), enrolled(), BOOK).findings) == ["member_already_enrolled"]


def test_an_entry_that_is_not_understood_still_moves_the_value_its_header_names() -> None:
    held = after(top_up("t1", 10_000), held=replace(wallet(), top_up_count=1))
    facts = HeaderFacts(
        event_id=EventId("u1"),
        store_id=S02,
        terminal_id=TerminalId("S02-T1"),
        on=DAY,
        rulebook=1,
        in_minor=0,
        out_minor=4_000,
    )
    done = settle_header(held, facts, BOOK)
    assert principal(done.wallet) == 6_000
    assert Posting(S02, Account.UNEXPLAINED, -4_000) in done.postings
    came = settle_header(done.wallet, replace(facts, event_id=EventId("u2"), in_minor=500, out_minor=0), BOOK)
    assert principal(came.wallet) == 6_500


def test_another_members_event_is_a_bug() -> None:
    with pytest.raises(ValueError, match="another member"):
        apply(replace(wallet(), member_id=MEMBER + "x"), top_up("t1", 100), BOOK)  # type: ignore[arg-type] # id as text


def test_an_expired_lot_is_not_drawn() -> None:
    held = after(top_up("t1", 10_000), held=replace(wallet(), top_up_count=1))
    held = replace(held, lots=tuple(replace(lot, expires_on=date(2026, 3, 1)) for lot in held.lots))
    done = apply(held, redeem("r1", 100), BOOK)
    assert done.wallet.owed_minor == 100


def test_a_cash_out_request_that_reserves_other_than_was_shown_says_both_amounts() -> None:
    """A restored head office hears of it before the payment that the till reckoned with: the same finding, whether or not what is paid differs."""
    held = apply(wallet(), top_up("t1", 10_000), BOOK).wallet
    asked = CashOutRequested(
        occasion=occasion("c1"),
        member_id=MEMBER,
        method=BOOK.cash_out.method,
        refundable_minor=4_000,
        reserved_minor=4_500,
        top_up_ids=(),
    )
    done = apply(held, asked, BOOK)
    (told,) = done.findings
    assert told.code is FindingCode.CASH_OUT_DIFFERS
    assert told.data["shown_reserved_minor"] == 4_500
    assert told.data["reserved_minor"] == held.total_minor
    assert done.wallet.total_minor == 0


def test_h11_a_late_top_up_of_a_merged_member_is_not_his_first_again() -> None:
    """The merge took the count of top-ups along; a promise that the till made honestly is kept and told as the campaign's cost."""
    merged = replace(wallet(), status=WalletStatus.CLOSED, merged_into=MemberId("m2"))
    unpromised = apply(merged, top_up("t1", 10_000), BOOK)
    assert (bonus(unpromised.wallet), principal(unpromised.wallet)) == (0, 10_000)
    honest = apply(merged, top_up("t1", 10_000, promised={FIRST: 5_000}), BOOK)
    assert bonus(honest.wallet) == 5_000
    assert FindingCode.FIRST_TOP_UP_REPEATED in {finding.code for finding in honest.findings}
