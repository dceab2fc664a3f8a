"""The witness believes head office's findings only as far as they name the difference between paper and books; files and papers are made by hand."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tongchu.witness.agreement import Said, member_disagreements
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import SeenEntry, seen_entry
from tongchu.witness.paper import PaperReceipt
from tongchu.witness.promises import unexplained_bonus

MEMBER = "m1"
FIRST_50 = {"promotion_id": "first-50", "bonus_minor": 5_000, "later_minor": 0, "points": 0}
PAID_IN = {"amount_minor": 10_000, "promised": [FIRST_50]}


class Hand:
    """A head office of three tables, written by hand."""

    def __init__(self, path: Path) -> None:
        self.books = HqBooks(f"sqlite:///{path}")
        self.printed: list[tuple[SeenEntry, PaperReceipt]] = []
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute(
            "CREATE TABLE journal_entries"
            " (event_id TEXT, terminal_id TEXT, seq INTEGER, member_id TEXT, version INTEGER, raw BLOB, findings TEXT)"
        )
        self._connection.execute(
            "CREATE TABLE postings (event_id TEXT, member_id TEXT, kind TEXT, account TEXT, detail TEXT, amount_minor INTEGER)"
        )
        self._connection.execute(
            "CREATE TABLE wallets (member_id TEXT, principal_minor INTEGER, bonus_minor INTEGER, receivable_minor INTEGER)"
        )

    def took(
        self, event_id: str, kind: str, body: Mapping[str, Any], *, found: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        entry = {"header": {"id": event_id, "kind": kind, "terminal_id": "S01-T1", "members": [MEMBER]}, "body": body}
        raw = json.dumps(entry).encode()
        seq = len(self.printed) + 1
        self._connection.execute(
            "INSERT INTO journal_entries VALUES (?, 'S01-T1', ?, ?, ?, ?, ?)",
            (event_id, seq, MEMBER, seq, raw, json.dumps(found)),
        )
        self.printed.append((seen_entry(seq, raw), _paper(seq, kind, body)))

    def posted(self, event_id: str, account: str, minor: int, detail: str = "") -> None:
        self._connection.execute(
            "INSERT INTO postings VALUES (?, ?, 'top-up', ?, ?, ?)", (event_id, MEMBER, account, detail, minor)
        )

    def holds(self, principal: int, bonus: int) -> None:
        self._connection.execute("INSERT INTO wallets VALUES (?, ?, ?, 0)", (MEMBER, principal, bonus))

    def unexplained_bonus(self) -> list[str]:
        self._connection.close()
        return list(unexplained_bonus(self.books))

    def disagreements(self) -> list[str]:
        self._connection.close()
        said = [Said(paper.receipt_no, entry, paper.value_minor, paper.bonus_minor) for entry, paper in self.printed]
        return list(member_disagreements(said, self.books))


def _paper(seq: int, kind: str, body: Mapping[str, Any]) -> PaperReceipt:
    amounts = {
        "topped_up": "会员充值",
        "redeemed": "合计",
        "purchase_refunded": "消费退款",
        "top_up_reversed": "充值撤销",
        "cash_out_requested": "已预留",
    }
    rows = [(amounts[kind], int(body.get("amount_minor", body.get("reserved_minor", 0))))]
    rows += [("待总部核实", int(body["suspense_minor"]))] if "suspense_minor" in body else []
    rows += [(f"赠送 {each['promotion_id']}", int(each["bonus_minor"])) for each in body.get("promised", ())]
    rows += [("赠送", -int(body["taken_minor"]))] if "taken_minor" in body else []
    return PaperReceipt(
        receipt_no=f"S01-T1-{seq:06d}", kind=kind, reprint=False, provisional=False, rows=tuple(rows), lines=()
    )


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    return Hand(tmp_path / "hq.db")


def _gives(hand: Hand, bonus_minor: int) -> None:
    hand.posted("t1", "principal_liability", -10_000)
    hand.posted("t1", "bonus_liability", -bonus_minor)
    hand.posted("t1", "promotion_cost", bonus_minor, "first-50")
    hand.holds(10_000, bonus_minor)


def _differs(promotion: str, promised: int, given: int) -> dict[str, Any]:
    return {
        "code": "promise_differs",
        "data": {"promotion": promotion, "promised_minor": promised, "given_minor": given},
    }


def test_what_the_paper_says_is_booked(hand: Hand) -> None:
    hand.took("t1", "topped_up", PAID_IN)
    _gives(hand, 5_000)
    assert hand.disagreements() == []


def test_a_gift_that_names_promotion_promise_and_amount_is_believed(hand: Hand) -> None:
    hand.took("t1", "topped_up", {**PAID_IN, "promised": []}, found=(_differs("first-50", 0, 5_000),))
    _gives(hand, 5_000)
    assert hand.disagreements() == []


@pytest.mark.parametrize(
    "finding",
    [
        _differs("plan-1000", 0, 5_000),  # another promotion
        _differs("first-50", 2_000, 5_000),  # a promise that was never made
        _differs("first-50", 0, 4_000),  # less than the books show
        {
            "code": "first_top_up_repeated",
            "data": {"promotion": "first-50", "bonus_minor": 5_000},
        },  # no difference at all
    ],
)
def test_a_finding_that_does_not_name_the_gift_explains_nothing(hand: Hand, finding: dict[str, Any]) -> None:
    hand.took("t1", "topped_up", {**PAID_IN, "promised": []}, found=(finding,))
    _gives(hand, 5_000)
    assert any("head office booked 15000" in each for each in hand.disagreements())


def test_a_gift_on_one_entry_does_not_pay_for_what_is_missing_on_another(hand: Hand) -> None:
    """The member's sum is right; his papers are not."""
    hand.took("t1", "topped_up", {**PAID_IN, "promised": []}, found=(_differs("first-50", 0, 5_000),))
    hand.took("t2", "topped_up", {"amount_minor": 5_000, "promised": []})
    hand.posted("t1", "principal_liability", -15_000)
    hand.posted("t1", "promotion_cost", 0, "first-50")
    hand.posted("t2", "principal_liability", 0)
    hand.holds(15_000, 0)
    assert [each.split(":")[0] for each in hand.disagreements()] == ["S01-T1-000001", "S01-T1-000002"]


def test_a_reversal_takes_back_the_gift_that_was_told_of_its_top_up(hand: Hand) -> None:
    hand.took("t1", "topped_up", {**PAID_IN, "promised": []}, found=(_differs("first-50", 0, 5_000),))
    hand.posted("t1", "principal_liability", -10_000)
    hand.posted("t1", "bonus_liability", -5_000)
    hand.posted("t1", "promotion_cost", 5_000, "first-50")
    hand.took("r1", "top_up_reversed", {"amount_minor": 10_000, "top_up_id": "t1"})
    hand.posted("r1", "principal_liability", 10_000)
    hand.posted("r1", "bonus_liability", 5_000)
    hand.holds(0, 0)
    assert hand.disagreements() == []


def test_a_cash_out_request_that_reserved_less_is_believed_to_the_fen(hand: Hand) -> None:
    told = {"shown_minor": 4_000, "reckoned_minor": 0, "shown_reserved_minor": 5_000, "reserved_minor": 700}
    hand.took(
        "c1", "cash_out_requested", {"reserved_minor": 5_000}, found=({"code": "cash_out_differs", "data": told},)
    )
    hand.posted("c1", "principal_liability", 700)
    hand.holds(-700, 0)
    assert hand.disagreements() == []


def test_a_refund_of_which_a_part_stayed_with_the_store_needs_its_finding(hand: Hand) -> None:
    hand.took("f1", "purchase_refunded", {"amount_minor": 300})
    hand.posted("f1", "principal_liability", -200)
    hand.holds(200, 0)
    assert hand.disagreements() == [
        "S01-T1-000001: paper and findings [] say 300, head office booked 200",
        f"member {MEMBER}: papers add up to 300, head office has 200",
    ]


def test_what_no_paper_says_is_seen(hand: Hand) -> None:
    hand.took("t1", "topped_up", {**PAID_IN, "promised": []})
    hand.printed.clear()
    hand.posted("t1", "principal_liability", -10_000)
    hand.holds(10_000, 0)
    assert "t1: head office booked 10000, and no paper says so" in hand.disagreements()


def test_what_is_booked_as_unexplained_needs_somebody_to_be_told(hand: Hand) -> None:
    hand.took("t1", "topped_up", {**PAID_IN, "promised": []})
    hand.posted("t1", "principal_liability", -10_000)
    hand.posted("t1", "unexplained", 100)
    hand.holds(10_000, 0)
    assert hand.disagreements() == ["t1: head office booked a top-up as unexplained, and nobody is told"]


def _a_first_bonus(hand: Hand, event_id: str, *, found: tuple[Mapping[str, Any], ...] = ()) -> None:
    hand.took(event_id, "topped_up", PAID_IN, found=found)
    hand.posted(event_id, "promotion_cost", 5_000, "first-50")


def test_a_first_bonus_stands_once(hand: Hand) -> None:
    _a_first_bonus(hand, "t1")
    _a_first_bonus(hand, "t2")
    assert hand.unexplained_bonus() == [f"member {MEMBER}: t2 gives first-50 again, and nobody says why"]


def test_a_first_bonus_that_an_honoured_promise_repeated_is_told(hand: Hand) -> None:
    _a_first_bonus(hand, "t1")
    told = {"code": "first_top_up_repeated", "data": {"promotion": "first-50", "bonus_minor": 5_000}}
    _a_first_bonus(hand, "t2", found=(told,))
    assert hand.unexplained_bonus() == []


def test_a_first_bonus_whose_top_up_was_taken_back_may_be_given_again(hand: Hand) -> None:
    _a_first_bonus(hand, "t1")
    hand.took("r1", "top_up_reversed", {"amount_minor": 10_000, "top_up_id": "t1"})
    _a_first_bonus(hand, "t2")
    assert hand.unexplained_bonus() == []


def test_a_promise_that_was_not_kept_needs_a_rulebook_that_did_not_fit(hand: Hand) -> None:
    hand.took("t1", "topped_up", PAID_IN, found=(_differs("first-50", 5_000, 0),))
    assert hand.unexplained_bonus() == ["t1: the promise of first-50 was not kept, and its rulebook fits"]


def _paid_in_part_by_nobody(hand: Hand) -> None:
    """￥60.00 of ￥100.00 lie in suspense."""
    found = {"code": "risk_exceeded", "data": {"amount_minor": 6_000}}
    hand.took("r1", "redeemed", {"amount_minor": 10_000}, found=(found,))
    hand.posted("r1", "principal_liability", 4_000)
    hand.posted("r1", "suspense", 6_000)


@pytest.mark.parametrize("known", [{}, {"suspense_minor": 6_000}, {"suspense_minor": 1_000}])
def test_a_refund_of_what_lay_in_suspense_comes_back_only_as_far_as_it_was_taken(
    hand: Hand, known: dict[str, int]
) -> None:
    """Whether or not the till had heard of it."""
    _paid_in_part_by_nobody(hand)
    hand.took("f1", "purchase_refunded", {"amount_minor": 7_000, "purchase_id": "r1", **known})
    hand.posted("f1", "principal_liability", -1_000)
    hand.posted("f1", "suspense", -6_000)
    hand.holds(-3_000, 0)
    assert hand.disagreements() == []


@pytest.mark.parametrize(("booked", "suspense"), [(-1_000, 0), (0, -7_000), (-500, -6_000)])
def test_a_refund_is_not_explained_by_more_than_its_payment_had_put_there(
    hand: Hand, booked: int, suspense: int
) -> None:
    _paid_in_part_by_nobody(hand)
    hand.took("f1", "purchase_refunded", {"amount_minor": 7_000, "purchase_id": "r1"})
    hand.posted("f1", "principal_liability", booked)
    hand.posted("f1", "suspense", suspense)
    hand.holds(-4_000 - booked, 0)
    assert any(each.startswith("S01-T1-000002") for each in hand.disagreements())
