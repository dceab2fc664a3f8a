"""What lies in suspense, and head office's decision about it (H8): the payment was the member's doing after all, and he pays it, or the store that served it bears it.

Called by `apply`, and by head office before it decides. A part that the store bears counts as given back: a refund finds nothing there that was taken of the member.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from stored_value.activity import bonus_minor, spent_minor
from stored_value.draw import Draw, change_lots, draw_postings, drawable_minor, lay_along_lines, plan_draw
from stored_value.events import OrderLine
from stored_value.events_money_out import SuspenseDecided, SuspenseVerdict
from stored_value.findings import Finding
from stored_value.frozen import changed
from stored_value.points import add_points, points_for_spend, points_lot
from stored_value.postings import Account, Posting
from stored_value.receivables import with_receivable
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import reserved_minor
from stored_value.rulebook import Rulebook
from stored_value.tiers import count_activity, move_tier
from stored_value.wallet import LinePart, Purchase, Receivable, ValueKind, Wallet, WalletStatus


def suspended_minor(bought: Purchase) -> int:
    """What of a purchase waits for a decision."""
    return sum(_waiting(part) for line in bought.lines for part in line.parts)


def refuse_decision(wallet: Wallet, amount_minor: int, verdict: SuspenseVerdict, on: date) -> Refusal | None:
    """`amount_minor` waits. The member pays out of what is free; what he then owes must not be taken out of what a till may spend (H5)."""
    if amount_minor <= 0:
        return Refusal(RefusalCode.NOTHING_IN_SUSPENSE)
    if verdict is SuspenseVerdict.STORE:
        return None
    if wallet.status is WalletStatus.CLOSED and wallet.merged_into is None:
        return Refusal(RefusalCode.WALLET_NOT_ACTIVE, {"status": wallet.status.value})
    kept = reserved_minor(wallet)
    if kept and drawable_minor(wallet, on) - kept < amount_minor:
        return Refusal(RefusalCode.RESERVED_ELSEWHERE, {"reserved_minor": kept})
    return None


def apply_decision(
    wallet: Wallet, event: SuspenseDecided, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """Never more than still waits of the purchase; a payment whose entry was not understood left no purchase, and is taken at its word."""
    bought = wallet.purchase(event.payment_id)
    amount = event.amount_minor if bought is None else min(event.amount_minor, suspended_minor(bought))
    if event.verdict is SuspenseVerdict.STORE:
        wallet = _turned(wallet, bought, amount, ())
        return wallet, [Posting(event.serving_store, *each) for each in _borne(amount)], []
    place = event.occasion
    draws = plan_draw(wallet, amount, rulebook.draw_order, place.business_date, event.serving_store)
    wallet = change_lots(wallet, {draw.lot_id: -draw.amount_minor for draw in draws if draw.lot_id is not None})
    owed = sum(draw.amount_minor for draw in draws if draw.kind is ValueKind.RECEIVABLE)
    if owed:
        rest = Receivable(source_id=event.payment_id, store_id=event.serving_store, remaining_minor=owed)
        wallet = changed(wallet, receivables=with_receivable(wallet.receivables, rest))
    wallet = _spent(wallet, event, bought, draws, rulebook)
    return _turned(wallet, bought, amount, draws), draw_postings(draws, event.serving_store, Account.SUSPENSE), []


def _borne(amount_minor: int) -> tuple[tuple[Account, int], ...]:
    return (Account.SUSPENSE_BORNE, amount_minor), (Account.SUSPENSE, -amount_minor)


def _waiting(part: LinePart) -> int:
    return part.drawn_minor - part.returned_minor if part.kind is ValueKind.SUSPENSE else 0


def _turned(wallet: Wallet, bought: Purchase | None, amount_minor: int, draws: Sequence[Draw]) -> Wallet:
    """The purchase with what waited drawn by `draws` instead, laid along its lines as a payment's; without draws it counts as given back."""
    if bought is None or not amount_minor:
        return wallet
    shares: list[int] = []
    for line in bought.lines:
        shares.append(min(amount_minor - sum(shares), sum(_waiting(part) for part in line.parts)))
    lines = [
        OrderLine(line_no=line.line_no, name=line.name, total_minor=share)
        for line, share in zip(bought.lines, shares, strict=True)
    ]
    laid = [line.parts for line in lay_along_lines(lines, draws)] if draws else [()] * len(lines)
    turned = [
        replace(line, parts=(*_released(line.parts, share, given_back=not draws), *own))
        for line, share, own in zip(bought.lines, shares, laid, strict=True)
    ]
    after = replace(bought, lines=tuple(turned))
    return changed(wallet, purchases=tuple(after if each is bought else each for each in wallet.purchases))


def _released(parts: Sequence[LinePart], share_minor: int, *, given_back: bool) -> Iterator[LinePart]:
    for part in parts:
        own = min(share_minor, _waiting(part))
        share_minor -= own
        if given_back:
            yield replace(part, returned_minor=part.returned_minor + own)
        elif part.drawn_minor > own:
            yield replace(part, drawn_minor=part.drawn_minor - own)


def _spent(
    wallet: Wallet, event: SuspenseDecided, bought: Purchase | None, draws: Sequence[Draw], rulebook: Rulebook
) -> Wallet:
    """The member's spending of the day of the purchase, points included; a refund takes both back by the purchase."""
    place = event.occasion
    day = place.business_date if bought is None else bought.business_date
    points = points_for_spend(wallet, spent_minor(draws), bonus_minor(draws), rulebook, place.business_date)
    held = wallet.holding(points_lot(event.payment_id))
    if held is None:
        wallet = add_points(wallet, replace(place, event_id=event.payment_id), points, rulebook.points)
    elif points:
        more = replace(held, original=held.original + points, remaining=held.remaining + points)
        wallet = replace(wallet, holdings=tuple(more if each is held else each for each in wallet.holdings))
    wallet = count_activity(wallet, rulebook, day, spent_minor=spent_minor(draws))
    return move_tier(wallet, rulebook, place.business_date)
