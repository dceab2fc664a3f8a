"""Money out and life cycle, row by row from cases/money_out.toml: every amount there was worked out by hand from the text of the rules."""

from typing import Any

import pytest

from stored_value.cash_out import CashOutPlan
from stored_value.events_money_out import MONEY_OUT_TYPES
from stored_value.money import format_yuan
from stored_value.postings import imbalance
from stored_value.refusals import Refusal
from stored_value.wallet import HoldingKind, ValueKind, Wallet
from tests.stored_value.money_out_cases import Story, load, rulebook_of

CASES = load("money_out.toml")


def yuan(minor: int) -> str:
    return format_yuan(minor, sign=False).replace(",", "").removesuffix(".00")


def balances(held: Wallet) -> dict[str, str]:
    return {
        "principal": yuan(held.balance_minor(ValueKind.PRINCIPAL)),
        "bonus": yuan(held.balance_minor(ValueKind.BONUS)),
        "deposit": yuan(held.balance_minor(ValueKind.DEPOSIT)),
        "reserved": yuan(held.reserved_minor),
        "owed": yuan(held.owed_minor),
        "status": held.status.value,
        "card": str(held.card_issue),
        "pin": f"{held.pin_issue} {'set' if held.pin_is_set else 'none'}",
        "points": str(held.quantity(HoldingKind.POINTS)),
        "coupons": str(held.quantity(HoldingKind.COUPON)),
        "lots": ",".join(
            f"{lot.lot_id}={yuan(lot.remaining_minor)}" + (f"@{lot.expires_on}" if lot.expires_on else "")
            for lot in held.lots
            if lot.remaining_minor
        ),
    }


def lines_of(plan: CashOutPlan) -> list[str]:
    """`top-up used consumed refundable forfeited`, a line each."""
    return [
        f"{line.top_up_id} {yuan(line.used_minor)} {yuan(line.consumed_minor)} {yuan(line.refundable_minor)}"
        f" {yuan(line.forfeited_minor)}"
        for line in plan.lines
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    story = Story(rulebook_of(case["rulebook"]))
    for line in case.get("given", []):
        story.step(line)
        assert story.done is not None
        assert imbalance(story.done.postings) == {}, line
    then = dict(case["then"])
    if "?" in case["when"]:
        answer = story.question(case["when"])
        assert_answer(answer, then)
        return
    done = story.step(case["when"])
    assert imbalance(done.postings) == {}
    assert sorted(found.code.value for found in done.findings) == sorted(then.pop("findings", []))
    if "postings" in then:
        rows = [
            f"{row.store_id} {row.account.value}{'/' + row.detail if row.detail else ''} {yuan(row.amount_minor)}"
            for row in done.postings
        ]
        assert sorted(rows) == sorted(then.pop("postings"))
    now = balances(done.wallet)
    assert {key: now[key] for key in then} == then


def assert_answer(answer: Refusal | CashOutPlan | None, then: dict[str, Any]) -> None:
    if isinstance(answer, CashOutPlan):
        assert lines_of(answer) == then["lines"]
        assert yuan(answer.refundable_minor) == then["refundable"]
        return
    if answer is None:
        assert then == {"refusal": ""}
        return
    assert answer.code.value == then["refusal"]
    told = {key: yuan(value) if key.endswith("_minor") else value for key, value in answer.data.items()}  # type: ignore[arg-type] # amounts are integers
    wanted = then.get("data", {})
    assert {key: told.get(key) for key in wanted} == wanted


def test_the_table_reaches_every_kind_of_money_out() -> None:
    words = {line.split()[2] for case in CASES for line in [*case.get("given", []), case["when"]]}
    steps = {
        "cash_out_requested": "ask",
        "cash_out_paid": "pay",
        "cash_out_rejected": "reject",
        "cash_out_reversed": "unpay",
        "deposit_taken": "deposit",
        "deposit_returned": "return",
        "deposit_kept": "keep",
        "deposit_restored": "restore",
        "refund_reversed": "unrefund",
        "transferred_out": "give",
        "transferred_in": "receive",
        "lot_expired": "expire",
        "status_changed": "status",
        "card_replaced": "card",
        "identity_recorded": "identity",
        "pin_set": "pin",
        "pin_cleared": "clear-pin",
        "suspense_decided": "decide",
    }
    assert set(steps) == {kind.kind for kind in MONEY_OUT_TYPES}
    assert set(steps.values()) <= words
