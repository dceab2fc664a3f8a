"""Deposits 押金: money held against something lent. Kept apart from the balance: no payment draws it, no receivable is paid from it."""

from collections.abc import Sequence
from dataclasses import replace

from stored_value.events_money_out import DepositKept, DepositRestored, DepositReturned, DepositTaken
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, LotId, StoreId
from stored_value.occasion import Occasion, Tender
from stored_value.postings import Account, Posting, clearing
from stored_value.refusals import Refusal, RefusalCode
from stored_value.standing import Deed, deed_findings, refuse_deed
from stored_value.tendered import tendered
from stored_value.wallet import Lot, ValueKind, Wallet

Settled = tuple[Wallet, list[Posting], list[Finding]]


def deposit_lot_id(deposit_id: EventId) -> LotId:
    return LotId(f"{deposit_id}/d")


def deposit(wallet: Wallet, deposit_id: EventId) -> Lot | None:
    """Also where a merge brought it, into a lot of another name; what is left of it first."""
    own = wallet.lot(deposit_lot_id(deposit_id))
    if own is not None:
        return own
    brought = [lot for lot in wallet.lots if lot.kind is ValueKind.DEPOSIT and lot.top_up_id == deposit_id]
    return max(brought, key=lambda lot: (lot.remaining_minor, lot.lot_id), default=None)


def refuse_deposit(wallet: Wallet, amount_minor: int, tenders: Sequence[Tender], place: Occasion) -> Refusal | None:
    refused = refuse_deed(wallet, Deed.TAKE_DEPOSIT, place.business_date)
    if refused is not None:
        return refused
    if amount_minor <= 0 or any(tender.amount_minor <= 0 for tender in tenders):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    paid = sum(tender.amount_minor for tender in tenders)
    if paid != amount_minor:
        return Refusal(RefusalCode.TENDERS_DISAGREE, {"amount_minor": amount_minor, "tenders_minor": paid})
    return None


def refuse_deposit_release(wallet: Wallet, deposit_id: EventId, amount_minor: int, place: Occasion) -> Refusal | None:
    """The same for a return and for a keeping; either may be a part."""
    held = deposit(wallet, deposit_id)
    if held is None:
        return Refusal(RefusalCode.DEPOSIT_UNKNOWN, {"deposit": deposit_id})
    refused = refuse_deed(wallet, Deed.RETURN_DEPOSIT, place.business_date)
    if refused is not None:
        return refused
    if amount_minor <= 0:
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    if amount_minor > held.remaining_minor:
        return Refusal(RefusalCode.DEPOSIT_EXCEEDED, {"left_minor": held.remaining_minor})
    return None


def apply_deposit_taken(wallet: Wallet, event: DepositTaken) -> Settled:
    place = event.occasion
    findings = deed_findings(wallet, Deed.TAKE_DEPOSIT, place.business_date)
    postings, findings_of_tenders = tendered(place, event.amount_minor, event.tenders, 1)
    postings.append(Posting(place.store_id, Account.DEPOSIT_LIABILITY, -event.amount_minor))
    lot = Lot(
        lot_id=deposit_lot_id(place.event_id),
        kind=ValueKind.DEPOSIT,
        store_id=place.store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=event.amount_minor,
        remaining_minor=event.amount_minor,
        tenders=event.tenders,
    )
    return replace(wallet, lots=(*wallet.lots, lot)), postings, findings + findings_of_tenders


def apply_deposit_returned(wallet: Wallet, event: DepositReturned) -> Settled:
    """What was paid out beyond the deposit is unexplained until a person looks."""
    place = event.occasion
    postings, findings = tendered(place, event.amount_minor, event.tenders, -1)
    wallet, taken, origin, found = _taken(wallet, event.deposit_id, event.amount_minor)
    postings.append(Posting(origin, Account.DEPOSIT_LIABILITY, taken))
    postings.extend(clearing(origin, place.store_id, taken))
    postings.append(Posting(place.store_id, Account.UNEXPLAINED, event.amount_minor - taken))
    return wallet, postings, findings + found


def apply_deposit_kept(wallet: Wallet, event: DepositKept) -> Settled:
    place = event.occasion
    wallet, taken, origin, findings = _taken(wallet, event.deposit_id, event.amount_minor)
    postings = [
        Posting(origin, Account.DEPOSIT_LIABILITY, taken),
        *clearing(origin, place.store_id, taken),
        Posting(place.store_id, Account.REVENUE, -taken),
    ]
    return wallet, postings, findings


def apply_deposit_restored(wallet: Wallet, event: DepositRestored) -> Settled:
    """The deposit holds again what was returned or kept; never more than was taken."""
    place = event.occasion
    held = deposit(wallet, event.deposit_id)
    room = held.original_minor - held.remaining_minor if held is not None else 0
    back = min(room, event.amount_minor)
    origin = held.store_id if held is not None else place.store_id
    findings: list[Finding] = []
    if back != event.amount_minor:
        findings.append(_beyond(event.deposit_id, held, event.amount_minor, back))
    if event.tenders:
        postings, found = tendered(place, event.amount_minor, event.tenders, 1)
        findings.extend(found)
        postings.append(Posting(place.store_id, Account.UNEXPLAINED, back - event.amount_minor))
    else:
        postings = [Posting(place.store_id, Account.REVENUE, back)]
    postings.append(Posting(origin, Account.DEPOSIT_LIABILITY, -back))
    postings.extend(clearing(place.store_id, origin, back))
    return _changed(wallet, event.deposit_id, back), postings, findings


def _taken(wallet: Wallet, deposit_id: EventId, amount_minor: int) -> tuple[Wallet, int, StoreId, list[Finding]]:
    held = deposit(wallet, deposit_id)
    taken = min(amount_minor, held.remaining_minor) if held is not None else 0
    findings = [] if taken == amount_minor else [_beyond(deposit_id, held, amount_minor, taken)]
    origin = held.store_id if held is not None else StoreId("")
    return _changed(wallet, deposit_id, -taken), taken, origin, findings


def _changed(wallet: Wallet, deposit_id: EventId, change_minor: int) -> Wallet:
    held = deposit(wallet, deposit_id)
    lots = tuple(
        replace(lot, remaining_minor=lot.remaining_minor + change_minor) if lot is held else lot for lot in wallet.lots
    )
    return replace(wallet, lots=lots)


def _beyond(deposit_id: EventId, held: Lot | None, amount_minor: int, taken_minor: int) -> Finding:
    if held is None:
        return Finding(FindingCode.DEPOSIT_UNKNOWN, {"deposit": deposit_id, "amount_minor": amount_minor})
    data: dict[str, int | str] = {"deposit": deposit_id, "amount_minor": amount_minor, "held_minor": taken_minor}
    return Finding(FindingCode.DEPOSIT_EXCEEDED, data)
