"""Taking back a refund of this shift: the lines are again as they were before it, and what they draw is taken from where it went, else from what the wallet holds."""

from collections.abc import Sequence
from dataclasses import replace

from stored_value.draw import Draw, change_lots, draw_postings, plan_draw
from stored_value.events_money_out import RefundReversed, TakenBackLine
from stored_value.findings import Finding, FindingCode
from stored_value.postings import Account, Posting
from stored_value.receivables import with_receivable
from stored_value.refund import take_refund_again
from stored_value.rulebook import Rulebook
from stored_value.wallet import LinePart, Lot, LotEnd, Purchase, PurchaseLine, Receivable, ValueKind, Wallet


def apply_refund_reversal(
    wallet: Wallet, event: RefundReversed, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], tuple[Draw, ...], list[Finding]]:
    """What is no longer in the lots that the refund filled is drawn like a payment of today; what the wallet lacks is owed again. An order stays refunded:
    its tenders were handed back and its coupons and points are the member's again, so that it is sold anew (`taking_back`)."""
    purchase = wallet.purchase(event.purchase_id)
    if purchase is None:
        data: dict[str, int | str] = {"purchase": event.purchase_id, "amount_minor": event.amount_minor}
        return wallet, [], (), [Finding(FindingCode.PURCHASE_UNKNOWN, data)]
    if purchase.is_order:
        data = {"purchase": event.purchase_id, "amount_minor": event.amount_minor, "taken_minor": 0}
        return wallet, [], (), [Finding(FindingCode.TAKEN_BACK_SHORT, data)]
    lines: list[PurchaseLine] = []
    draws: list[Draw] = []
    for line in purchase.lines:
        amount = min(_wanted(event.lines, line.line_no), line.refunded_minor)
        wallet, after, drawn = _take_again(wallet, line, amount, purchase, event, rulebook)
        lines.append(after)
        draws.extend(drawn)
    taken = sum(draw.amount_minor for draw in draws)
    findings: list[Finding] = []
    if taken != event.amount_minor:
        findings.append(
            Finding(FindingCode.TAKEN_BACK_SHORT, {"amount_minor": event.amount_minor, "taken_minor": taken})
        )
    owed = sum(draw.amount_minor for draw in draws if draw.kind is ValueKind.RECEIVABLE)
    if owed:
        findings.append(Finding(FindingCode.OVERDRAFT, {"owed_minor": owed}))
        row = Receivable(source_id=purchase.purchase_id, store_id=purchase.store_id, remaining_minor=owed)
        wallet = replace(wallet, receivables=with_receivable(wallet.receivables, row))
    again = replace(purchase, lines=tuple(lines))
    purchases = tuple(again if known is purchase else known for known in wallet.purchases)
    wallet = replace(wallet, purchases=purchases)
    return wallet, draw_postings(draws, purchase.store_id, Account.REVENUE), tuple(draws), findings


def _wanted(lines: Sequence[TakenBackLine], line_no: int) -> int:
    return sum(line.amount_minor for line in lines if line.line_no == line_no)


def _take_again(
    wallet: Wallet, line: PurchaseLine, amount_minor: int, purchase: Purchase, event: RefundReversed, rulebook: Rulebook
) -> tuple[Wallet, PurchaseLine, list[Draw]]:
    before = take_refund_again(line, amount_minor)
    parts: list[LinePart] = []
    draws: list[Draw] = []
    short = 0
    for was, now in zip(line.parts, before, strict=True):
        again = was.returned_minor - now.returned_minor
        if was.kind is ValueKind.SUSPENSE:
            parts.append(now)
            if again:
                draws.append(Draw(was.kind, None, was.store_id, again))
            continue
        lot = wallet.lot(was.lot_id) if was.lot_id is not None else None
        there = min(again, _available(lot))
        if lot is not None and there:
            draws.append(Draw(was.kind, was.lot_id, was.store_id, there))
            wallet = change_lots(wallet, {lot.lot_id: -there})
        missing = again - there
        short += missing
        # What lies elsewhere by now is no longer this part's: a part of its own takes its place below.
        parts.append(replace(now, drawn_minor=now.drawn_minor - missing) if missing else now)
    if short:
        on = event.occasion.business_date
        for draw in plan_draw(wallet, short, rulebook.draw_order, on, purchase.store_id):
            draws.append(draw)
            parts.append(
                LinePart(kind=draw.kind, lot_id=draw.lot_id, store_id=draw.store_id, drawn_minor=draw.amount_minor)
            )
            if draw.lot_id is not None:
                wallet = change_lots(wallet, {draw.lot_id: -draw.amount_minor})
    return wallet, replace(line, parts=tuple(part for part in parts if part.drawn_minor)), draws


def _available(lot: Lot | None) -> int:
    return lot.remaining_minor if lot is not None and lot.end is not LotEnd.CASHED_OUT else 0
