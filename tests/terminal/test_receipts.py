"""Receipts as a person reads them: golden texts on 80 mm paper (48 columns), and what none may lack.

After a wanted change, write the files anew with TONGCHU_WRITE_GOLDEN=1 and read the difference.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from printers.document import Align, Cut, Qr, Receipt
from printers.glyphs import columns_of
from printers.layout import Line, lay_out
from stored_value.events import (
    EVENT_TYPES,
    HEAD_OFFICE_KINDS,
    MemberEnrolled,
    PurchaseRefunded,
    Redeemed,
    ToppedUp,
    TopUpReversed,
)
from sync.cards import FIRST_CARD_ISSUE, read_card, read_receipt
from terminal.receipt_words import CHINESE, ENGLISH
from terminal.receipts_money_out import SlipEvent
from terminal.receipts_order import OrderEvent
from tests.terminal import receipt_cases as cases
from tests.terminal import receipt_cases_money_out as money_out
from tests.terminal import receipt_cases_order as orders

GOLDEN = Path(__file__).parent.parent / "golden" / "receipts"
COLUMNS = 48

CASES: dict[str, Callable[[], Receipt]] = {
    "top_up": cases.top_up,
    "top_up_english": lambda: cases.top_up(ENGLISH),
    "top_up_offline": cases.top_up_offline,
    "redemption_offline": cases.redemption,
    "redemption_offline_english": lambda: cases.redemption(ENGLISH),
    "refund_of_a_line": cases.refund,
    "refund_awaiting": cases.refund_awaiting,
    "refund_awaiting_english": lambda: cases.refund_awaiting(ENGLISH),
    "reversal": cases.reversal,
    "enrolment": cases.enrolment,
    "shift_opening": cases.shift_opening,
    "x_report": cases.x_report,
    "x_report_before_a_blind_count": lambda: cases.x_report(None),
    "z_report": cases.z_report,
    "z_report_english": lambda: cases.z_report(ENGLISH),
    "z_report_with_orders": cases.z_report_with_orders,
    "order": orders.order,
    "order_english": lambda: orders.order(ENGLISH),
    "order_by_cash_offline": orders.cash_order_offline,
    "order_refund": orders.order_refund,
    "order_refund_english": lambda: orders.order_refund(ENGLISH),
    "pass_use": orders.pass_use,
    "pass_use_english": lambda: orders.pass_use(ENGLISH),
    "points_exchange": orders.points_exchange,
    "points_exchange_english": lambda: orders.points_exchange(ENGLISH),
    "cash_out_request": money_out.cash_out_request,
    "cash_out": money_out.cash_out,
    "cash_out_rejection": money_out.cash_out_rejection,
    "cash_out_reversal": money_out.cash_out_reversal,
    "deposit": money_out.deposit,
    "deposit_kept": money_out.deposit_kept,
    "deposit_return": money_out.deposit_return,
    "deposit_restored": money_out.deposit_restored,
    "refund_reversal": money_out.refund_reversal,
    "loss_report": money_out.loss_report,
    "new_card": money_out.new_card,
    "pin_set": money_out.pin_set,
    "papers_seen": money_out.papers_seen,
    "cash_out_request_english": lambda: money_out.cash_out_request(ENGLISH),
    "cash_out_english": lambda: money_out.cash_out(ENGLISH),
    "deposit_english": lambda: money_out.deposit(ENGLISH),
    "loss_report_english": lambda: money_out.loss_report(ENGLISH),
}


def as_text(receipt: Receipt, columns: int = COLUMNS) -> str:
    lines: list[str] = []
    for item in lay_out(receipt, columns=columns):
        match item:
            case Line(text=text, align=align):
                free = columns - columns_of(text)
                before = {Align.LEFT: 0, Align.CENTER: free // 2, Align.RIGHT: free}[align]
                lines.append(" " * max(before, 0) + text.rstrip())
            case Qr(data=data):
                lines.append(f"[QR {data}]")
            case Cut():
                lines.append("[cut]")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_paper_reads_as_it_always_did(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    text = as_text(CASES[name]())
    if os.environ.get("TONGCHU_WRITE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_every_golden_text_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_narrow_paper_takes_every_receipt(name: str) -> None:
    assert as_text(CASES[name](), 32).endswith("[cut]\n")


def test_a_receipt_bears_its_own_code_and_the_hash_of_its_entry() -> None:
    receipt = cases.redemption()
    [code] = [block for block in receipt.blocks if isinstance(block, Qr)]
    assert read_receipt(code.data) == "S01-T1-000044"
    assert "3f9a1c07" in as_text(receipt)


def test_an_enrolment_bears_the_members_card_and_nothing_else_to_scan() -> None:
    [code] = [block for block in cases.enrolment().blocks if isinstance(block, Qr)]
    card = read_card(code.data)
    assert card is not None
    assert (card.member_no, card.issue) == (cases.MEMBER_NO, FIRST_CARD_ISSUE)


def test_only_offline_receipts_say_that_they_are_not_confirmed() -> None:
    assert CHINESE.provisional in as_text(cases.top_up_offline())
    assert CHINESE.provisional not in as_text(cases.top_up())


def test_a_blind_report_holds_no_amount() -> None:
    assert "￥" in as_text(cases.x_report())
    assert "￥" not in as_text(cases.x_report(None))


def test_no_receipt_names_more_of_a_member_than_his_mask_and_four_digits() -> None:
    text = as_text(cases.top_up())
    assert "王*丽 尾号 4821" in text
    assert cases.MEMBER not in text


def test_a_top_up_prints_every_reward_that_it_promised_and_the_points_held() -> None:
    text = as_text(cases.top_up_with_rewards())
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "分期赠送 充2000大礼 ￥200.00" in lines
    assert "积分 充2000大礼 +500" in lines
    assert "另赠 优惠券 奶茶券 2 张" in lines
    assert "另赠 次卡 洗车卡 3 次" in lines
    assert "积分 620" in lines
    assert "赠送 充2000大礼 ￥0.00" not in lines, "a promotion that gives no bonus at once prints none"


def test_a_new_card_bears_its_code_and_nothing_else_to_scan() -> None:
    [code] = [block for block in money_out.new_card().blocks if isinstance(block, Qr)]
    card = read_card(code.data)
    assert card is not None
    assert (card.member_no, card.issue) == (cases.MEMBER_NO, 2)


MEMBER_SLIPS = MemberEnrolled | ToppedUp | Redeemed | PurchaseRefunded | TopUpReversed
BY_THEMSELVES = {"lease_accepted", "lease_returned"}
"""Leases come and go without anybody at the counter."""


def test_every_kind_that_a_counter_makes_has_a_slip() -> None:
    """`completion` writes one for each event it finishes, so none may be without."""
    made = {event.kind for event in EVENT_TYPES} - HEAD_OFFICE_KINDS - BY_THEMSELVES
    shifts = {"shift_opened", "shift_closed"}
    member = {each.kind for kinds in (MEMBER_SLIPS, OrderEvent, SlipEvent) for each in get_args(kinds)}
    assert made == member | shifts
