"""Receipts of orders, their refunds, pass uses and points exchanged, line by line. Pure, as `terminal.receipts`, whose parts it uses; called by
`terminal.counter.completion` before the commit, and again when a receipt is to be printed anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, assert_never

from printers.document import Block, Qr, Receipt, Row, Rule, Text
from stored_value.events import OrderPaid, OrderRefunded, PassUsed, PointsRedeemed
from stored_value.events_order import DiscountSource, OrderRefundLine, SoldLine
from stored_value.identity import LotId
from stored_value.money import format_yuan
from stored_value.rulebook import Words
from stored_value.wallet import HoldingKind
from sync.cards import receipt_text
from terminal.receipts import (
    Slip,
    Split,
    amount_rows,
    balance_rows,
    closing,
    head,
    reason_text,
    split_rows,
    tender_rows,
)

if TYPE_CHECKING:
    from terminal.counter.views import MemberView

OrderEvent = OrderPaid | OrderRefunded | PassUsed | PointsRedeemed


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """What the wallet held before the event; bonus includes what waits for head office."""

    principal_minor: int
    bonus_minor: int
    owed_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassFacts:
    """A pass as it stands after the event."""

    name: Words
    kind: HoldingKind
    left: int
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What the paper says beside the event itself, from the wallet after it. `before` is known while the event is being recorded; a receipt that is written
    anew later leaves it out, with the tax that a refund took back. `sold` are passes by the line that sold them."""

    before: Balances | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    covers: Mapping[int, HoldingKind] = field(default_factory=dict)
    original_no: str = ""
    coupons: Mapping[LotId, Words] = field(default_factory=dict)
    passes: Mapping[LotId, PassFacts] = field(default_factory=dict)
    sold: Mapping[int, PassFacts] = field(default_factory=dict)
    taxes: tuple[tuple[str, int], ...] = ()
    points_earned: int = 0
    reward: Words | None = None
    gifts: tuple[Words, ...] = ()


def order_receipt(slip: Slip, event: OrderEvent, after: MemberView, split: Split, facts: OrderFacts) -> Receipt:
    words = slip.words.order
    match event:
        case OrderPaid():
            title, blocks = words.order, _paid(slip, event, split, facts)
        case OrderRefunded():
            title, blocks = words.order_refund, _refunded(slip, event, split, facts)
        case PassUsed():
            title, blocks = words.use, _used(slip, event, facts)
        case PointsRedeemed():
            title, blocks = words.points_exchange, _exchanged(slip, event, facts)
        case _:
            assert_never(event)
    refundable = isinstance(event, OrderPaid | PassUsed)
    return Receipt(
        blocks=(
            *head(slip, title, event.occasion, after),
            *blocks,
            Rule(),
            *_before(slip, facts, split),
            *balance_rows(slip, after, confirmed=False),
            Qr(data=receipt_text(slip.receipt_no), caption=slip.words.keep if refundable else ""),
            *closing(slip),
        )
    )


def _paid(slip: Slip, event: OrderPaid, split: Split, facts: OrderFacts) -> tuple[Block, ...]:
    words, own = slip.words, slip.words.order
    blocks: list[Block] = []
    for line in event.lines:
        blocks.extend(_line(slip, line, facts))
    blocks += [Rule(), *amount_rows(slip, words.total, event.amount_minor)]
    for used in event.coupons:
        name = _name(slip, facts.coupons.get(used.holding_id), used.holding_id)
        blocks.append(Row(left=f"{own.coupon} {name}", right=format_yuan(-used.amount_minor)))
    if event.points is not None:
        left = f"{own.points_paid} {own.counted(HoldingKind.POINTS, event.points.points)}"
        blocks.append(Row(left=left, right=format_yuan(-event.points.value_minor)))
    blocks += tender_rows(words, words.tender, event.tenders)
    if event.balance_minor:
        blocks.append(Row(left=own.from_balance, right=format_yuan(event.balance_minor)))
        blocks += split_rows(words.from_principal, words.from_bonus, words.owed, split)
    blocks += _taxes(own.tax, facts)
    blocks += _passes_after(slip, facts)
    if facts.points_earned:
        blocks.append(Row(left=own.points_earned, right=f"+{facts.points_earned}"))
    return tuple(blocks)


def _line(slip: Slip, line: SoldLine, facts: OrderFacts) -> list[Block]:
    own, item = slip.words.order, line.item
    name = f"{item.name} ×{item.quantity}" if item.quantity != 1 else item.name
    blocks: list[Block] = [Row(left=name, right=format_yuan(item.list_minor))]
    for discount in line.discounts:
        label = own.discounts[discount.source]
        cover = item.covered_by
        if discount.source is DiscountSource.PASS and cover is not None:
            label = f"{label} {_cover(slip, cover.holding_id, cover.units, facts)}"
        blocks.append(Row(left=f"  {label}", right=format_yuan(-discount.amount_minor)))
    if line.discounts:
        blocks.append(Row(left=f"  {own.line_total}", right=format_yuan(line.total_minor)))
    sold = facts.sold.get(item.line_no)
    if sold is not None:
        blocks.append(Text(text=f"  {own.sold} {_standing(slip, sold)}"))
    return blocks


def _cover(slip: Slip, holding_id: LotId, units: int, facts: OrderFacts) -> str:
    known = facts.passes.get(holding_id)
    if known is None:
        return holding_id
    counted = "" if known.kind is HoldingKind.PASS_UNTIL else f" {slip.words.order.counted(known.kind, units)}"
    return f"{slip.words.name(known.name)}{counted}"


def _standing(slip: Slip, known: PassFacts) -> str:
    own = slip.words.order
    until = f" {own.until} {known.expires_on.isoformat()}" if known.expires_on is not None else ""
    return f"{own.counted(known.kind, known.left)}{until}"


def _passes_after(slip: Slip, facts: OrderFacts) -> list[Block]:
    own = slip.words.order
    blocks: list[Block] = []
    for known in facts.passes.values():
        left = f"{slip.words.name(known.name)} {own.left}"
        blocks.append(Row(left=left, right=own.counted(known.kind, known.left)))
        if known.expires_on is not None:
            blocks.append(Row(left=f"  {own.until}", right=known.expires_on.isoformat()))
    return blocks


def _taxes(label: str, facts: OrderFacts) -> list[Block]:
    return [Row(left=f"{label} {name}".rstrip(), right=format_yuan(minor)) for name, minor in facts.taxes if minor]


def _refunded(slip: Slip, event: OrderRefunded, split: Split, facts: OrderFacts) -> tuple[Block, ...]:
    words, own = slip.words, slip.words.order
    blocks: list[Block] = [Row(left=words.refund_of, right=facts.original_no)]
    blocks += [_line_back(slip, line, facts) for line in event.lines]
    if event.reason:
        blocks.append(Row(left=words.reason, right=reason_text(words, event.reason)))
    blocks += [Rule(), *amount_rows(slip, words.refund, event.amount_minor)]
    blocks += tender_rows(words, words.tender_back, event.tenders)
    if event.balance_minor:
        blocks.append(Row(left=own.to_balance, right=format_yuan(event.balance_minor)))
        blocks += split_rows(words.back_to_principal, words.back_to_bonus, words.owed, split)
    if event.points_back:
        counted = own.counted(HoldingKind.POINTS, event.points_back)
        blocks.append(Row(left=own.points_back, right=counted))
    for coupon in event.coupons_back:
        blocks.append(Row(left=own.coupon_back, right=_name(slip, facts.coupons.get(coupon), coupon)))
    blocks += _taxes(own.tax_back, facts)
    blocks += _passes_after(slip, facts)
    return tuple(blocks)


def _line_back(slip: Slip, line: OrderRefundLine, facts: OrderFacts) -> Row:
    name = facts.names.get(line.line_no, f"#{line.line_no}")
    kind = facts.covers.get(line.line_no)
    if kind is None or not line.units:
        return Row(left=name, right=format_yuan(-line.amount_minor))
    own = slip.words.order
    return Row(left=f"{name} {own.uses_back}", right=own.counted(kind, line.units))


def _used(slip: Slip, event: PassUsed, facts: OrderFacts) -> tuple[Block, ...]:
    own, known = slip.words.order, facts.passes.get(event.holding_id)
    if known is None:
        return (Row(left=event.name or event.holding_id, right=str(event.units)),)
    until_day = known.kind is HoldingKind.PASS_UNTIL
    name = slip.words.name(known.name)
    until = known.expires_on.isoformat() if known.expires_on is not None else ""
    left = "" if until_day else own.counted(known.kind, known.left)
    return (
        Row(left=name, right=own.counted(known.kind, event.units), bold=True),
        *((Row(left=own.used_for, right=event.name),) if event.name and event.name != known.name.zh else ()),
        *((Row(left=own.left, right=left, bold=True),) if left else ()),
        *((Row(left=own.until, right=until),) if until else ()),
        *_taxes(own.tax, facts),
    )


def _exchanged(slip: Slip, event: PointsRedeemed, facts: OrderFacts) -> tuple[Block, ...]:
    own = slip.words.order
    return (
        Row(left=own.reward, right=_name(slip, facts.reward, event.reward_id), bold=True),
        *(Text(text=f"  {slip.words.name(gift)}") for gift in facts.gifts),
        *((Row(left=own.worth, right=format_yuan(event.worth_minor)),) if event.worth_minor else ()),
        Row(left=own.points_spent, right=str(-event.points), bold=True),
    )


def _name(slip: Slip, words: Words | None, otherwise: str) -> str:
    return otherwise if words is None else slip.words.name(words)


def _before(slip: Slip, facts: OrderFacts, split: Split) -> tuple[Block, ...]:
    """Only where the balance moved: the same figures twice say nothing."""
    before, words = facts.before, slip.words
    if before is None or split == Split():
        return ()
    total = before.principal_minor + before.bonus_minor - before.owed_minor
    parts = ((words.principal, before.principal_minor), (words.bonus_balance, before.bonus_minor))
    owed = ((words.owed, -before.owed_minor),) if before.owed_minor else ()
    return (
        Row(left=words.order.balance_before, right=format_yuan(total)),
        *(Row(left=f"  {name}", right=format_yuan(minor)) for name, minor in (*parts, *owed)),
    )
