"""Shifts as documents: the opening slip, the X report in between, the Z report at the close. Pure, as `terminal.receipts`;
called by `terminal.counter.shifts`.
"""

from dataclasses import dataclass
from datetime import date

from printers.document import Align, Block, Receipt, Row, Rule, RuleStyle, Size, Text
from stored_value.events import ShiftTotals, TenderKind
from stored_value.money import format_yuan
from terminal.receipt_words import ReceiptWords
from terminal.receipts import Slip, closing, opening


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFigures:
    """`expected_minor` None: the count is still to come and must stay blind."""

    business_date: date
    opened_at: str
    printed_at: str
    float_minor: int
    totals: ShiftTotals
    expected_minor: int | None
    counted_minor: int | None = None


def opening_slip(slip: Slip, business_date: date, local_time: str, float_minor: int) -> Receipt:
    words = slip.words
    return Receipt(
        blocks=(
            *opening(slip, words.shift_opening),
            Row(left=words.receipt_no, right=slip.receipt_no),
            Row(left=words.business_date, right=business_date.isoformat()),
            Row(left=words.opened, right=local_time),
            Row(left=words.cashier, right=slip.staff_name),
            Rule(),
            Row(left=words.float_, right=format_yuan(float_minor), bold=True),
            *closing(slip),
        )
    )


def shift_report(slip: Slip, figures: ShiftFigures) -> Receipt:
    """A Z report when something was counted, else an X report, which has no number of its own."""
    words = slip.words
    closed = figures.counted_minor is not None
    numbered = (Row(left=words.receipt_no, right=slip.receipt_no),) if slip.receipt_no else ()
    return Receipt(
        blocks=(
            *opening(slip, words.z_report if closed else words.x_report),
            *numbered,
            Row(left=words.business_date, right=figures.business_date.isoformat()),
            Row(left=words.opened, right=figures.opened_at),
            Row(left=words.closed if closed else words.printed, right=figures.printed_at),
            Row(left=words.cashier, right=slip.staff_name),
            Rule(),
            *_moved(words, figures.totals),
            Rule(),
            *_tenders(words, figures.totals),
            Rule(),
            *_cash(words, figures),
            Rule(style=RuleStyle.DOUBLE),
            *closing(slip),
        )
    )


def _moved(words: ReceiptWords, totals: ShiftTotals) -> tuple[Block, ...]:
    """Sums, and how many of each: a reversal takes its sum off the top-ups but is counted by itself."""
    rows = (
        (words.topped_up, totals.topped_up_minor, "topped_up"),
        (words.bonus, totals.bonus_minor, ""),
        (words.redeemed, totals.redeemed_minor, "redeemed"),
        (words.refunded, totals.refunded_minor, "purchase_refunded"),
    )
    counted = [
        Row(left=name + (f"（{totals.counts.get(kind, 0)} {words.count}）" if kind else ""), right=format_yuan(minor))
        for name, minor, kind in rows
    ]
    others = ((words.reversal, "top_up_reversed"), (words.enrolment, "member_enrolled"))
    return (
        *counted,
        *(
            Row(left=name, right=f"{totals.counts[kind]} {words.count}")
            for name, kind in others
            if totals.counts.get(kind)
        ),
    )


def _tenders(words: ReceiptWords, totals: ShiftTotals) -> tuple[Block, ...]:
    return tuple(
        Row(left=f"{words.tender} {words.tenders[kind]}", right=format_yuan(totals.tenders_minor[kind]))
        for kind in TenderKind
        if kind in totals.tenders_minor
    )


def _cash(words: ReceiptWords, figures: ShiftFigures) -> tuple[Block, ...]:
    blocks: list[Block] = [Row(left=words.float_, right=format_yuan(figures.float_minor))]
    if figures.expected_minor is not None:
        blocks.append(Row(left=words.expected, right=format_yuan(figures.expected_minor)))
    if figures.counted_minor is not None and figures.expected_minor is not None:
        difference = figures.counted_minor - figures.expected_minor
        blocks.append(Row(left=words.counted, right=format_yuan(figures.counted_minor)))
        blocks.append(Row(left=words.difference, right=format_yuan(difference), bold=True, size=Size.TALL))
        blocks.append(Text(text="_" * 16, align=Align.RIGHT))
    return tuple(blocks)
