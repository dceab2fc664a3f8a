"""Merging two members: everything of the one goes to the survivor, and what lands in the merged wallet afterwards is swept after it (H11).

A merged member stays a wallet, where late entries, holds and refunds land. Each rest is swept by the two legs of `transfer`, named after the entry that left it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from stored_value.draw import LIABILITY
from stored_value.events_money_out import MovedValue
from stored_value.identity import EventId, LotId, named_id
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import reserved_minor
from stored_value.standing import REMEDY, Standing
from stored_value.transfer import moved_part
from stored_value.wallet import Holding, ValueKind, Wallet, WalletStatus


def refuse_merge(merged: Wallet, survivor: Wallet) -> Refusal | None:
    """A merged member is merged once, and not into one that is closed. A waiting cash-out is settled first."""
    if merged.member_id == survivor.member_id:
        return Refusal(RefusalCode.SAME_MEMBER)
    for wallet in (merged, survivor):
        if wallet.merged_into is not None:
            data: dict[str, int | str] = {"status": Standing.MERGED.value, "member": wallet.merged_into}
            return Refusal(RefusalCode.WALLET_NOT_ACTIVE, {**data, "remedy": REMEDY[Standing.MERGED]})
    if survivor.status is WalletStatus.CLOSED:
        return Refusal(
            RefusalCode.WALLET_NOT_ACTIVE,
            {"status": survivor.status.value, "member": survivor.member_id, "remedy": REMEDY[Standing.CLOSED]},
        )
    if merged.reserved_minor:
        return Refusal(
            RefusalCode.CASH_OUT_WAITING, {"refundable_minor": merged.reserved_minor, "remedy": "pay_or_reject"}
        )
    return None


def everything(
    wallet: Wallet, on: date, committed: Mapping[LotId, int] | None = None
) -> tuple[tuple[MovedValue, ...], tuple[Holding, ...]]:
    """All that a wallet holds and owes, on its way. What leases and holds keep of a lot (`committed`) stays and follows by sweeps; of a holding they keep it whole (H5)."""
    kept = committed or {}
    lots = tuple(
        moved_part(lot, free) for lot in wallet.lots if (free := lot.remaining_minor - kept.get(lot.lot_id, 0)) > 0
    )
    owed = tuple(
        MovedValue(
            kind=ValueKind.RECEIVABLE,
            lot_id=None,
            store_id=row.store_id,
            source_id=row.source_id,
            amount_minor=row.remaining_minor,
            acquired_on=on,
            rulebook=0,
        )
        for row in wallet.receivables
    )
    holdings = tuple(
        replace(held, original=held.remaining, sold_for_minor=held.unreleased_minor, released_minor=0)
        for held in wallet.holdings
        if held.remaining and not kept.get(held.holding_id, 0)
    )
    return (*lots, *owed), holdings


def kept_back(wallet: Wallet) -> dict[LotId, int]:
    """What reservations keep in a wallet that is being emptied: their amounts laid on lots, what ends last first, and their things (H5)."""
    left = reserved_minor(wallet)
    kept: dict[LotId, int] = {}
    for lot in sorted(
        (lot for lot in wallet.lots if lot.kind in LIABILITY),
        key=lambda lot: (lot.expires_on is None, lot.expires_on or date.min),
        reverse=True,
    ):
        share = min(left, lot.remaining_minor)
        if share > 0:
            kept[lot.lot_id] = share
            left -= share
    for reservation in wallet.reservations:
        for thing in reservation.things:
            kept[thing.thing_id] = kept.get(thing.thing_id, 0) + thing.quantity
    return kept


def sweep_is_due(wallet: Wallet) -> bool:
    """After any entry that landed in a merged wallet: whether it left a rest, of either sign."""
    if wallet.merged_into is None:
        return False
    moved, holdings = everything(wallet, date.min)
    return bool(moved or holdings)


def sweep_id(entry_id: EventId) -> EventId:
    """The name of both legs of the sweep that an entry caused; sweeping twice for one entry moves nothing."""
    return EventId(named_id("sweep", entry_id))
