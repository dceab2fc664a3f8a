"""What members owe, and what pays it: every inflow first (H10), but never with what an offline top-up keeps for its till (H3, H5).

Called by whatever brings value into a wallet, and when such a lease comes back.
"""

from dataclasses import replace
from datetime import date

from stored_value.draw import LIABILITY, change_lots, drawable_lots
from stored_value.identity import EventId
from stored_value.postings import Account, Posting, clearing
from stored_value.reservation_records import ReservationKind
from stored_value.wallet import LinePart, Lot, Purchase, PurchaseLine, Receivable, ValueKind, Wallet


def kept_top_ups_minor(wallet: Wallet) -> int:
    """What offline top-ups keep for their tills: the leases that entries make, so that the same entries give the same wallet whatever head office granted beside them."""
    return sum(
        kept.amount_minor for kept in wallet.reservations if kept.kind is ReservationKind.LEASE and not kept.number
    )


def pay_receivables(wallet: Wallet, on: date) -> tuple[Wallet, list[Posting]]:
    """Oldest receivable first, from the lots in draw order. The purchase then counts as drawn from those lots."""
    postings: list[Posting] = []
    while wallet.receivables:
        lots = [*drawable_lots(wallet, ValueKind.PRINCIPAL, on), *drawable_lots(wallet, ValueKind.BONUS, on)]
        free = sum(lot.remaining_minor for lot in lots) - kept_top_ups_minor(wallet)
        if free <= 0:
            break
        owed, lot = wallet.receivables[0], lots[0]
        paid = min(owed.remaining_minor, lot.remaining_minor, free)
        postings.append(Posting(lot.store_id, LIABILITY[lot.kind], paid))
        postings.extend(clearing(lot.store_id, owed.store_id, paid))
        postings.append(Posting(owed.store_id, Account.OVERDRAFT_RECEIVABLE, -paid))
        wallet = change_lots(wallet, {lot.lot_id: -paid})
        wallet = replace(
            wallet,
            receivables=reduce_receivable(wallet.receivables, owed.source_id, paid),
            purchases=tuple(
                _drawn_from_lot(bought, lot, paid) if bought.purchase_id == owed.source_id else bought
                for bought in wallet.purchases
            ),
        )
    return wallet, postings


def with_receivable(rows: tuple[Receivable, ...], added: Receivable) -> tuple[Receivable, ...]:
    """One row a source and store, so that whatever pays, moves or puts back a debt finds all of it in one place."""
    key = added.source_id, added.store_id
    if all((row.source_id, row.store_id) != key for row in rows):
        return (*rows, added)
    return tuple(
        replace(row, remaining_minor=row.remaining_minor + added.remaining_minor)
        if (row.source_id, row.store_id) == key
        else row
        for row in rows
    )


def reduce_receivable(
    receivables: tuple[Receivable, ...], source_id: EventId, amount_minor: int
) -> tuple[Receivable, ...]:
    left: list[Receivable] = []
    for owed in receivables:
        if owed.source_id == source_id and amount_minor:
            paid = min(amount_minor, owed.remaining_minor)
            amount_minor -= paid
            if paid == owed.remaining_minor:
                continue
            left.append(replace(owed, remaining_minor=owed.remaining_minor - paid))
        else:
            left.append(owed)
    assert not amount_minor, "more was paid than was owed"
    return tuple(left)


def _drawn_from_lot(bought: Purchase, lot: Lot, amount_minor: int) -> Purchase:
    """The purchase with that much of its receivable turned into a draw of `lot`."""
    lines: list[PurchaseLine] = []
    for line in bought.lines:
        parts: list[LinePart] = []
        turned = 0
        for part in line.parts:
            outstanding = part.drawn_minor - part.returned_minor
            share = min(amount_minor, outstanding) if part.kind is ValueKind.RECEIVABLE else 0
            amount_minor -= share
            turned += share
            if part.drawn_minor > share:
                parts.append(replace(part, drawn_minor=part.drawn_minor - share) if share else part)
        if turned:
            parts.append(LinePart(kind=lot.kind, lot_id=lot.lot_id, store_id=lot.store_id, drawn_minor=turned))
        lines.append(replace(line, parts=tuple(parts)))
    return replace(bought, lines=tuple(lines))
