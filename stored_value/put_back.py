"""Where refunded value lands when its source is no longer as it was: owed elsewhere, expired, cashed out, reversed (H10). `refund` says what goes back, this says where.

The caller posts every draw as if it went back where it came from; the postings here correct that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from stored_value.bonus_cost import BonusSource, cost_taken_back, source_of
from stored_value.cash_out_records import CashOutLine, CashOutState
from stored_value.cash_out_settlement import reckon_again
from stored_value.draw import Draw, change_lots
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, LotId, StoreId
from stored_value.occasion import Occasion
from stored_value.policies import RefundIntoExpired
from stored_value.postings import Account, Posting
from stored_value.receivables import reduce_receivable
from stored_value.rulebook import Rulebook
from stored_value.undiscounted import discount_by_lot
from stored_value.wallet import Lot, LotEnd, Purchase, ValueKind, Wallet


@dataclass(slots=True)
class _Landing:
    wallet: Wallet
    postings: list[Posting]
    findings: list[Finding]


def put_back(
    wallet: Wallet, draws: Sequence[Draw], before: Purchase, after: Purchase, place: Occasion, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """`before` and `after`: the purchase without and with this refund. The caller pays receivables afterwards."""
    landing = _Landing(wallet, [], [])
    changes: dict[LotId, int] = {}
    cashed: dict[tuple[EventId, EventId], list[tuple[Lot, int]]] = {}
    for number, draw in enumerate(draws):
        lot = wallet.lot(draw.lot_id) if draw.lot_id is not None else None
        if draw.kind is ValueKind.RECEIVABLE:
            _owed_less(landing, draw, before, place)
        elif lot is None:
            continue
        elif lot.end is LotEnd.CASHED_OUT:
            cashed.setdefault(_paid_with(wallet, lot), []).append((lot, draw.amount_minor))
        elif lot.end is LotEnd.REVERSED and lot.kind is ValueKind.BONUS:
            _forfeit(landing, lot, draw.amount_minor, rulebook)
        elif lot.expires_on is not None and lot.expires_on < place.business_date:
            _revive(landing, lot, draw.amount_minor, before.business_date, number, place, rulebook)
        else:
            changes[lot.lot_id] = changes.get(lot.lot_id, 0) + draw.amount_minor
    landing.wallet = change_lots(landing.wallet, changes)
    discounts = discount_by_lot(before)
    discounts.subtract(discount_by_lot(after))
    for request_and_top_up, parts in cashed.items():
        _reckon_again(landing, request_and_top_up, parts, discounts, place, rulebook)
    return landing.wallet, landing.postings, landing.findings


def _owed_less(landing: _Landing, draw: Draw, before: Purchase, place: Occasion) -> None:
    """A receivable is put back first. What is no longer owed here (a merge carried it away) becomes principal of the store that served."""
    rows = landing.wallet.receivables
    here = sum(owed.remaining_minor for owed in rows if owed.source_id == before.purchase_id)
    less = min(here, draw.amount_minor)
    wallet = replace(landing.wallet, receivables=reduce_receivable(rows, before.purchase_id, less))
    rest = draw.amount_minor - less
    if rest:
        lot = _new_principal(LotId(f"{place.event_id}/r"), draw.store_id, place, rest)
        wallet = replace(wallet, lots=(*wallet.lots, lot))
        landing.postings.append(Posting(draw.store_id, Account.OVERDRAFT_RECEIVABLE, rest))
        landing.postings.append(Posting(draw.store_id, Account.PRINCIPAL_LIABILITY, -rest))
    landing.wallet = wallet


def _forfeit(landing: _Landing, lot: Lot, amount_minor: int, rulebook: Rulebook) -> None:
    """Bonus of a reversed top-up was taken back once and stays so."""
    landing.postings.append(Posting(lot.store_id, Account.BONUS_LIABILITY, amount_minor))
    landing.postings.extend(cost_taken_back(source_of(lot, rulebook), amount_minor))
    landing.findings.append(Finding(FindingCode.BONUS_FORFEITED, {"lot": lot.lot_id, "bonus_minor": amount_minor}))


def _revive(
    landing: _Landing, lot: Lot, amount_minor: int, bought_on: date, number: int, place: Occasion, rulebook: Rulebook
) -> None:
    """The value leaves the expired lot for one of its own with a new last day; what had expired of the lot itself stays expired."""
    policy = rulebook.life_cycle
    assert lot.expires_on is not None, "only a lot with a last day expires"
    match policy.refund_into_expired:
        case RefundIntoExpired.REVIVE:
            days = max(0, (lot.expires_on - bought_on).days)
        case RefundIntoExpired.EXTEND:
            days = policy.expired_refund_days
        case _:
            assert_never(policy.refund_into_expired)
    last_day = place.business_date + timedelta(days=days)
    own = replace(
        lot,
        lot_id=LotId(f"{place.event_id}/x/{number}"),
        original_minor=amount_minor,
        remaining_minor=amount_minor,
        expires_on=last_day,
        expired_minor=0,
        discount_minor=0,
    )
    lots = tuple(
        replace(known, original_minor=known.original_minor - amount_minor) if known.lot_id == lot.lot_id else known
        for known in landing.wallet.lots
    )
    landing.wallet = replace(landing.wallet, lots=(*lots, own))
    data: dict[str, int | str] = {"lot": lot.lot_id, "amount_minor": amount_minor, "last_day": last_day.isoformat()}
    landing.findings.append(Finding(FindingCode.LOT_REVIVED, data))


def _reckon_again(
    landing: _Landing,
    request_and_top_up: tuple[EventId, EventId],
    parts: Sequence[tuple[Lot, int]],
    discounts: dict[LotId, int],
    place: Occasion,
    rulebook: Rulebook,
) -> None:
    line = _paid_line(landing.wallet, *request_and_top_up)
    bonus: dict[BonusSource, int] = {}
    principal = 0
    for lot, amount in parts:
        if lot.kind is ValueKind.PRINCIPAL:
            principal += amount
        else:
            source = source_of(lot, rulebook)
            bonus[source] = bonus.get(source, 0) + amount
    store = parts[0][0].store_id
    landing.wallet, postings, findings = reckon_again(
        landing.wallet,
        line,
        principal_back_minor=principal,
        bonus_back=bonus,
        discount_back_minor=sum(discounts.get(lot.lot_id, 0) for lot, _ in parts),
        new_lot=_new_principal(_credit_id(landing.wallet, place, line.top_up_id), store, place, 0),
    )
    landing.postings.extend(postings)
    landing.findings.extend(findings)


def _paid_with(wallet: Wallet, lot: Lot) -> tuple[EventId, EventId]:
    """The request and the line whose payment retired the lot: a top-up may have been cashed out more than once."""
    for asked in wallet.cash_outs:
        if asked.state is CashOutState.PAID:
            for line in asked.lines:
                if line.retired(lot.lot_id, lot.top_up_id):
                    return asked.request_id, line.top_up_id
    raise AssertionError(f"lot {lot.lot_id} is cashed out and no cash-out names it")


def _paid_line(wallet: Wallet, request_id: EventId, top_up_id: EventId) -> CashOutLine:
    return next(
        line
        for asked in wallet.cash_outs
        if asked.request_id == request_id
        for line in asked.lines
        if line.top_up_id == top_up_id
    )


def _credit_id(wallet: Wallet, place: Occasion, top_up_id: EventId) -> LotId:
    """`/2` for the second cash-out of one top-up that one refund reckons again."""
    lot_id = LotId(f"{place.event_id}/c/{top_up_id}")
    others = sum(lot.lot_id == lot_id or lot.lot_id.startswith(f"{lot_id}/") for lot in wallet.lots)
    return LotId(f"{lot_id}/{others + 1}") if others else lot_id


def _new_principal(lot_id: LotId, store_id: StoreId, place: Occasion, amount_minor: int) -> Lot:
    return Lot(
        lot_id=lot_id,
        kind=ValueKind.PRINCIPAL,
        store_id=store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=amount_minor,
        remaining_minor=amount_minor,
    )
