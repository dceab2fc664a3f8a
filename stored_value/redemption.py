"""Redemptions 扣款: what stops a payment before it happened, and what one does to the wallet once it did."""

from dataclasses import replace
from datetime import date

from stored_value.activity import after_spending, bonus_minor, spent_minor
from stored_value.draw import Draw, change_lots, draw_postings, drawable_minor, lay_along_lines, plan_draw
from stored_value.events import EvidenceClass, OrderLine, Redeemed
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId
from stored_value.postings import Account, Posting
from stored_value.presence import count_static_card, counts_as_card, static_card_used_minor
from stored_value.receivables import with_receivable
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.standing import Deed, deed_findings, refuse_deed
from stored_value.wallet import Purchase, PurchaseLine, Receivable, ValueKind, Wallet


def refuse_redemption(
    wallet: Wallet,
    amount_minor: int,
    rulebook: Rulebook,
    on: date,
    *,
    static_card: bool,
) -> Refusal | None:
    """None when the payment may go ahead, as far as the wallet goes; what offline tills may take of it is `offline_spending`'s."""
    if amount_minor <= 0:
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    refused = refuse_deed(wallet, Deed.REDEEM, on)
    if refused is not None:
        return refused
    held = drawable_minor(wallet, on)
    if held < amount_minor:
        return Refusal(RefusalCode.BALANCE_TOO_LOW, {"balance_minor": held, "short_minor": amount_minor - held})
    limits = rulebook.limits
    if static_card:
        used = static_card_used_minor(wallet, on)
        if amount_minor > limits.static_card_day_minor - used:
            left = max(0, limits.static_card_day_minor - used)
            return Refusal(
                RefusalCode.STATIC_CARD_LIMIT,
                {
                    "limit_minor": limits.static_card_day_minor,
                    "used_minor": used,
                    "left_minor": left,
                    "pin": "set" if wallet.pin_is_set else "none",
                },
            )
    return None


def spendable_minor(wallet: Wallet, rulebook: Rulebook, on: date, *, static_card: bool) -> int:
    """The largest amount that `refuse_redemption` would let pass."""
    if refuse_deed(wallet, Deed.REDEEM, on) is not None:
        return 0
    bounds = [drawable_minor(wallet, on)]
    if static_card:
        bounds.append(rulebook.limits.static_card_day_minor - static_card_used_minor(wallet, on))
    return max(0, min(bounds))


def apply_redemption(
    wallet: Wallet, event: Redeemed, rulebook: Rulebook, unproved_minor: int = 0
) -> tuple[Wallet, list[Posting], tuple[Draw, ...], list[Finding]]:
    """Draws in HQ's order, whatever the till expected, and counts the spending."""
    place = event.occasion
    wallet, lines, draws, findings = draw_balance(wallet, event, rulebook, unproved_minor)
    bought = Purchase(
        purchase_id=place.event_id, store_id=place.store_id, business_date=place.business_date, lines=lines
    )
    wallet = after_spending(wallet, place, spent_minor(draws), bonus_minor(draws), rulebook, bought)
    return wallet, draw_postings(draws, place.store_id, Account.REVENUE), draws, findings


def draw_balance(
    wallet: Wallet, event: Redeemed, rulebook: Rulebook, unproved_minor: int = 0
) -> tuple[Wallet, tuple[PurchaseLine, ...], tuple[Draw, ...], list[Finding]]:
    """What a payment takes of the balance, for a redemption or for an order's part of one: what the wallet does not hold is owed (L2). What has no evidence, by the entry's
    own word or by head office's (`unproved_minor`), is not drawn: the store's suspense (H8)."""
    place = event.occasion
    findings: list[Finding] = []
    lines = event.lines
    totals = [line.total_minor for line in lines]
    if sum(totals) != event.amount_minor or min(totals, default=0) < 0:
        findings.append(Finding(FindingCode.LINES_DISAGREE, {"amount_minor": event.amount_minor}))
        lines = (OrderLine(line_no=1, name="", total_minor=event.amount_minor),)
    if place.evidence is EvidenceClass.NONE:
        findings.append(Finding(FindingCode.NO_EVIDENCE, {"amount_minor": event.amount_minor}))
        draws = _suspended(event, event.amount_minor)
    else:
        findings.extend(deed_findings(wallet, Deed.REDEEM, place.business_date))
        unproved = min(unproved_minor, event.amount_minor)
        proven = event.amount_minor - unproved
        if proven and counts_as_card(place.evidence):
            wallet = count_static_card(wallet, place.business_date, proven, rulebook, findings)
        draws = plan_draw(wallet, proven, rulebook.draw_order, place.business_date, place.store_id)
        if unproved:
            draws = (*draws, *_suspended(event, unproved))
        else:
            findings.extend(_compare_draw(event, draws))
    wallet = _draw(wallet, event, draws, findings)
    return wallet, lay_along_lines(lines, draws), draws, findings


def _suspended(event: Redeemed, amount_minor: int) -> tuple[Draw, ...]:
    return (Draw(ValueKind.SUSPENSE, None, event.occasion.store_id, amount_minor),)


def _draw(wallet: Wallet, event: Redeemed, draws: tuple[Draw, ...], findings: list[Finding]) -> Wallet:
    changes: dict[LotId, int] = {}
    owed = 0
    for draw in draws:
        if draw.lot_id is not None:
            changes[draw.lot_id] = changes.get(draw.lot_id, 0) - draw.amount_minor
        elif draw.kind is ValueKind.RECEIVABLE:
            owed += draw.amount_minor
    wallet = change_lots(wallet, changes)
    if owed:
        findings.append(Finding(FindingCode.OVERDRAFT, {"owed_minor": owed}))
        receivable = Receivable(
            source_id=event.occasion.event_id, store_id=event.occasion.store_id, remaining_minor=owed
        )
        wallet = replace(wallet, receivables=with_receivable(wallet.receivables, receivable))
    return wallet


def _compare_draw(event: Redeemed, draws: tuple[Draw, ...]) -> list[Finding]:
    if not event.expected_draw:
        return []
    expected = {draw.lot_id: draw.amount_minor for draw in event.expected_draw}
    if expected == {draw.lot_id: draw.amount_minor for draw in draws if draw.lot_id is not None}:
        return []
    return [Finding(FindingCode.DRAW_DIFFERS, {"amount_minor": event.amount_minor})]
