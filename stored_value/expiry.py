"""Expiry: head office ends what is available of lots and holdings after their last day, and a late entry from before that day finds them alive again (H5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from stored_value.draw import LIABILITY, change_lots
from stored_value.events_money_out import LotExpired
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId
from stored_value.postings import Account, Posting
from stored_value.wallet import Holding, HoldingKind, Lot, Wallet


@dataclass(frozen=True, slots=True)
class Lapse:
    """What an expiry run would end of one lot (`amount_minor`) or holding (`quantity`)."""

    lot_id: LotId
    amount_minor: int = 0
    quantity: int = 0


def plan_expiry(wallet: Wallet, on: date, committed: Mapping[LotId, int] | None = None) -> tuple[Lapse, ...]:
    """`committed`: what leases and holds keep of a lot or holding. Expiry takes only the rest and comes again for what they give back (H5)."""
    kept = committed or {}
    lots = [
        Lapse(lot.lot_id, amount_minor=amount)
        for lot in wallet.lots
        if _is_over(lot, on) and lot.kind in LIABILITY and (amount := lot.remaining_minor - kept.get(lot.lot_id, 0)) > 0
    ]
    held = [
        Lapse(each.holding_id, quantity=quantity)
        for each in wallet.holdings
        if _is_over(each, on) and (quantity := each.remaining - kept.get(each.holding_id, 0)) > 0
    ]
    return (*lots, *held)


def _is_over(source: Lot | Holding, on: date) -> bool:
    return source.expires_on is not None and source.expires_on < on


def apply_expiry(wallet: Wallet, event: LotExpired) -> tuple[Wallet, list[Posting], list[Finding]]:
    """Takes at most what is there. A lot that is not over keeps everything."""
    on = event.occasion.business_date
    lot = wallet.lot(event.lot_id)
    holding = wallet.holding(event.lot_id)
    source = lot or holding
    if source is None:
        return wallet, [], [Finding(FindingCode.LOT_UNKNOWN, {"lot": event.lot_id})]
    if not _is_over(source, on) or (lot is not None and lot.kind not in LIABILITY):
        return wallet, [], [Finding(FindingCode.LOT_NOT_EXPIRED, {"lot": event.lot_id})]
    if lot is not None:
        taken = min(event.amount_minor, lot.remaining_minor)
        return _with_expired(wallet, {lot.lot_id: taken}), _lapsing(lot, taken), []
    assert holding is not None, "a source is a lot or a holding"
    wallet, postings = _end_holding(wallet, holding, min(event.quantity, holding.remaining))
    return wallet, postings, []


def revive(wallet: Wallet, on: date) -> tuple[Wallet, list[Posting], frozenset[LotId]]:
    """For an entry of an earlier day: the lots that were good on it, as if they had not expired. `lapse_again` takes back what the entry left."""
    lots = [lot for lot in wallet.lots if lot.expired_minor and lot.expires_on is not None and lot.expires_on >= on]
    postings = [row for lot in lots for row in _lapsing(lot, -lot.expired_minor)]
    return (
        _with_expired(wallet, {lot.lot_id: -lot.expired_minor for lot in lots}),
        postings,
        frozenset(lot.lot_id for lot in lots),
    )


def lapse_again(wallet: Wallet, revived: frozenset[LotId]) -> tuple[Wallet, list[Posting]]:
    lots = [lot for lot in wallet.lots if lot.lot_id in revived and lot.remaining_minor]
    postings = [row for lot in lots for row in _lapsing(lot, lot.remaining_minor)]
    return _with_expired(wallet, {lot.lot_id: lot.remaining_minor for lot in lots}), postings


def has_expired(wallet: Wallet) -> bool:
    return bool([lot for lot in wallet.lots if lot.expired_minor])


def revived_findings(before: Wallet, after: Wallet, revived: frozenset[LotId]) -> list[Finding]:
    findings: list[Finding] = []
    for lot_id in sorted(revived):
        was, now = before.lot(lot_id), after.lot(lot_id)
        if was is not None and now is not None and now.expired_minor < was.expired_minor:
            amount = was.expired_minor - now.expired_minor
            findings.append(Finding(FindingCode.LOT_REVIVED, {"lot": lot_id, "amount_minor": amount}))
    return findings


def _with_expired(wallet: Wallet, changes: dict[LotId, int]) -> Wallet:
    wallet = change_lots(wallet, {lot_id: -amount for lot_id, amount in changes.items()})
    lots = tuple(
        replace(lot, expired_minor=lot.expired_minor + changes[lot.lot_id]) if changes.get(lot.lot_id) else lot
        for lot in wallet.lots
    )
    return replace(wallet, lots=lots)


def _lapsing(lot: Lot, amount_minor: int) -> list[Posting]:
    return [
        Posting(lot.store_id, LIABILITY[lot.kind], amount_minor),
        Posting(lot.store_id, Account.BREAKAGE, -amount_minor),
    ]


def _end_holding(wallet: Wallet, held: Holding, quantity: int) -> tuple[Wallet, list[Posting]]:
    """A sold pass that runs out leaves its unserved price as breakage; everything else is kept by quantity only."""
    left = held.remaining - quantity
    released = held.unreleased_minor if quantity and not left else 0
    after = replace(held, remaining=left, released_minor=held.released_minor + released)
    holdings = tuple(after if known.holding_id == held.holding_id else known for known in wallet.holdings)
    postings: list[Posting] = []
    if released and held.kind in (HoldingKind.PASS_USES, HoldingKind.PASS_MINUTES, HoldingKind.PASS_UNTIL):
        postings.append(Posting(held.store_id, Account.PASS_LIABILITY, released, held.item_id))
        postings.append(Posting(held.store_id, Account.BREAKAGE, -released))
    return replace(wallet, holdings=holdings), postings
