"""What the purchases drawn from a lot would have cost more without discount: kept on the lot, so that a cash-out at the undiscounted price needs no history."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from stored_value.identity import LotId
from stored_value.money import floor_share
from stored_value.wallet import Purchase, Wallet


def discount_by_lot(purchase: Purchase) -> Counter[LotId]:
    """Each line's discount by what the line keeps of each lot, rounded down in the member's favour; zero once all went back."""
    sums: Counter[LotId] = Counter()
    for line in purchase.lines:
        if not line.discount_minor or not line.total_minor:
            continue
        kept: Counter[LotId] = Counter()
        for part in line.parts:
            if part.lot_id is not None:
                kept[part.lot_id] += part.drawn_minor - part.returned_minor
        for lot_id, amount in kept.items():
            sums[lot_id] += floor_share(line.discount_minor, amount, line.total_minor)
    return sums


def note_discounts(before: Wallet, after: Wallet, changed: Iterable[Purchase]) -> Wallet:
    """`after` with the lots' `discount_minor` brought up to the purchases that changed."""
    moved: Counter[LotId] = Counter()
    for bought in changed:
        if not any(line.discount_minor for line in bought.lines):
            continue
        moved.update(discount_by_lot(bought))
        known = before.purchase(bought.purchase_id)
        if known is not None:
            moved.subtract(discount_by_lot(known))
    if not any(moved.values()):
        return after
    lots = tuple(
        replace(lot, discount_minor=lot.discount_minor + moved[lot.lot_id]) if moved[lot.lot_id] else lot
        for lot in after.lots
    )
    return replace(after, lots=lots)
