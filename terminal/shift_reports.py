"""Shifts as documents: the opening slip, the X report in between, the Z report at the close. Pure, as `terminal.receipts`;
called by `terminal.counter.shifts`.
"""

from dataclasses import dataclass
from datetime import date

from printers.document import Block, Feed, Receipt, Row, Rule, RuleStyle, Size
from stored_value.events import ShiftTotals, TenderKind
from stored_value.money import format_yuan
from terminal.receipt_words import ReceiptWords
from terminal.receipt_words_order import OrderWords
from terminal.receipts import Slip, closing, opening


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFigures:
    """`expected_minor` is the cash that should be in the drawer; None while the count is still to come and must stay
    blind, and then no amounts are printed either, since cash can be computed from the others."""

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
            *_figures(words, figures),
            Rule(style=RuleStyle.DOUBLE),
            *closing(slip),
        )
    )


def _figures(words: ReceiptWords, figures: ShiftFigures) -> tuple[Block, ...]:
    if figures.expected_minor is None:
        return _counts(words, figures.totals)
    return (
        *_moved(words, figures.totals),
        Rule(),
        *_tenders(words, figures.totals),
        Rule(),
        *_cash(words, figures, figures.expected_minor),
    )


def _counts(words: ReceiptWords, totals: ShiftTotals) -> tuple[Block, ...]:
    kinds = (
        (words.topped_up, "topped_up"),
        (words.reversal, "top_up_reversed"),
        (words.redeemed, "redeemed"),
        (words.refunded, "purchase_refunded"),
        (words.enrolment, "member_enrolled"),
    )
    beside = (
        (words.order.order, "order_paid"),
        (words.order.order_refund, "order_refunded"),
        (words.order.use, "pass_used"),
        (words.order.points_exchange, "points_redeemed"),
        (words.money_out.cash_out, "cash_out_paid"),
        (words.money_out.deposit, "deposit_taken"),
        (words.money_out.deposit_return, "deposit_returned"),
        (words.money_out.deposit_kept, "deposit_kept"),
    )
    shown = (*kinds, *((name, kind) for name, kind in beside if totals.counts.get(kind)))
    return tuple(Row(left=name, right=f"×{totals.counts.get(kind, 0)}") for name, kind in shown)


def _moved(words: ReceiptWords, totals: ShiftTotals) -> tuple[Block, ...]:
    """Sums and how many of each; cash-outs and deposits are net of what was taken back, top-ups gross: their reversals have a row."""
    rows = (
        (words.topped_up, "topped_up", totals.topped_up_minor, True),
        (words.reversal, "top_up_reversed", -totals.reversed_minor, False),
        (words.redeemed, "redeemed", totals.redeemed_minor, True),
        (words.refunded, "purchase_refunded", totals.refunded_minor, True),
        (words.money_out.cash_out, "cash_out_paid", -totals.cashed_out_minor, False),
        (words.money_out.deposit, "deposit_taken", totals.deposits_taken_minor, False),
        (words.money_out.deposit_return, "deposit_returned", -totals.deposits_returned_minor, False),
        (words.money_out.deposit_kept, "deposit_kept", totals.deposits_kept_minor, False),
    )
    enrolled = totals.counts.get("member_enrolled", 0)
    return (
        *(
            Row(left=f"{name} ×{totals.counts.get(kind, 0)}", right=format_yuan(minor))
            for name, kind, minor, always in rows
            if always or totals.counts.get(kind)
        ),
        *_orders(words.order, totals),
        Row(left=words.bonus, right=format_yuan(totals.bonus_minor)),
        *((Row(left=words.enrolment, right=f"×{enrolled}"),) if enrolled else ()),
    )


def _orders(words: OrderWords, totals: ShiftTotals) -> tuple[Block, ...]:
    """What orders came to and what of it balances paid; the rest is among the tenders, or was paid by coupons and points."""
    paid, refunded = totals.counts.get("order_paid", 0), totals.counts.get("order_refunded", 0)
    rows: list[Block] = []
    if paid:
        rows.append(Row(left=f"{words.order} ×{paid}", right=format_yuan(totals.ordered_minor)))
        rows.append(Row(left=f"  {words.from_balance}", right=format_yuan(totals.ordered_balance_minor)))
    if refunded:
        rows.append(Row(left=f"{words.order_refund} ×{refunded}", right=format_yuan(totals.order_refunded_minor)))
        rows.append(Row(left=f"  {words.to_balance}", right=format_yuan(totals.order_refunded_balance_minor)))
    bare = ((words.use, "pass_used"), (words.points_exchange, "points_redeemed"))
    rows.extend(Row(left=name, right=f"×{totals.counts[kind]}") for name, kind in bare if totals.counts.get(kind))
    return tuple(rows)


def _tenders(words: ReceiptWords, totals: ShiftTotals) -> tuple[Block, ...]:
    return tuple(
        Row(left=f"{words.tender} {words.tenders[kind]}", right=format_yuan(totals.tenders_minor[kind]))
        for kind in TenderKind
        if kind in totals.tenders_minor
    )


def _cash(words: ReceiptWords, figures: ShiftFigures, expected_minor: int) -> tuple[Block, ...]:
    cash = (
        Row(left=words.float_, right=format_yuan(figures.float_minor)),
        Row(left=words.expected, right=format_yuan(expected_minor)),
    )
    if figures.counted_minor is None:
        return cash
    difference = figures.counted_minor - expected_minor
    return (
        *cash,
        Row(left=words.counted, right=format_yuan(figures.counted_minor)),
        Row(left=words.difference, right=format_yuan(difference), bold=True, size=Size.TALL),
        Feed(),
        Row(left=words.signature, right="_" * 20),
    )
