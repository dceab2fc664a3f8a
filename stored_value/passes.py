"""Passes 次卡, 时长卡, 期限卡: what stops a use, what a sold pass earns with each use, and how a sold one comes into the wallet. Called by `cart`, `order` and `order_refund`."""

from dataclasses import replace
from datetime import date, timedelta

from stored_value.cart_policy import PassType
from stored_value.holdings import swap_holding
from stored_value.identity import LotId, StoreId
from stored_value.money import floor_share
from stored_value.occasion import Occasion
from stored_value.postings import Account, Posting, clearing
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Holding, HoldingKind, Taken, Wallet

PASSES = frozenset({HoldingKind.PASS_USES, HoldingKind.PASS_MINUTES, HoldingKind.PASS_UNTIL})


def refuse_pass(
    held: Holding | None, known: PassType | None, units: int, item_id: str, category: str, on: date
) -> Refusal | None:
    """None when `units` uses or minutes of the pass may pay for the item."""
    if held is None or held.kind not in PASSES or known is None:
        return Refusal(RefusalCode.PASS_UNKNOWN)
    data: dict[str, int | str] = {"pass": held.item_id, "holding": held.holding_id}
    if units <= 0:
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE, data)
    if held.starts_on is not None and held.starts_on > on:
        return Refusal(RefusalCode.PASS_NOT_YET, {**data, "from": held.starts_on.isoformat()})
    if held.expires_on is not None and held.expires_on < on:
        return Refusal(RefusalCode.PASS_EXPIRED, {**data, "until": held.expires_on.isoformat()})
    if available_units(held, units) < units:
        return Refusal(RefusalCode.PASS_TOO_FEW, {**data, "left": held.remaining, "short": units - held.remaining})
    if not known.scope.covers(item_id, category):
        return Refusal(RefusalCode.PASS_OUT_OF_SCOPE, {**data, "item": item_id, "category": category})
    return None


def available_units(held: Holding, wanted: int) -> int:
    """How much of `wanted` the pass can give, whatever the day; one that runs until a day gives any number while it stands."""
    if held.kind is HoldingKind.PASS_UNTIL:
        return wanted if held.remaining else 0
    return min(wanted, held.remaining)


def use_pass(wallet: Wallet, held: Holding, units: int, on: date, line_no: int) -> tuple[Wallet, Taken]:
    """Takes at most what the pass can give. Of a sold pass, price × used / quantity has been earned after each use, rounded down; of one that runs until a day,
    price × days gone (this one included) / days in all."""
    units = available_units(held, units)
    counted = 0 if held.kind is HoldingKind.PASS_UNTIL else units
    released = max(0, _earned_minor(held, held.original - held.remaining + counted, on) - held.released_minor)
    changed = replace(held, remaining=held.remaining - counted, released_minor=held.released_minor + released)
    taken = Taken(
        holding_id=held.holding_id,
        kind=held.kind,
        item_id=held.item_id,
        store_id=held.store_id,
        quantity=units,
        line_no=line_no,
        released_minor=released,
    )
    return swap_holding(wallet, changed), taken


def _earned_minor(held: Holding, used: int, on: date) -> int:
    if held.kind is not HoldingKind.PASS_UNTIL:
        return floor_share(held.sold_for_minor, used, held.original)
    if held.expires_on is None:
        return held.sold_for_minor
    first = held.starts_on or held.acquired_on
    days = (held.expires_on - first).days + 1
    gone = min(days, max(0, (on - first).days + 1))
    return floor_share(held.sold_for_minor, gone, days)


def value_given_back(before: Taken, after: Taken) -> int:
    """The value that a refund of uses takes back: the floor share of all given back so far, less what went back before."""
    if not before.quantity:
        return 0
    shares = [floor_share(taken.released_minor, taken.returned, taken.quantity) for taken in (before, after)]
    return shares[1] - shares[0]


def sold_pass(place: Occasion, known: PassType, line_no: int, quantity: int, sold_for_minor: int) -> Holding:
    """The holding that a line gave: `quantity` passes of a kind count as one with so many times the uses."""
    until = known.kind is HoldingKind.PASS_UNTIL
    units = 1 if until else known.quantity * quantity
    return Holding(
        holding_id=LotId(f"{place.event_id}/s/{line_no}"),
        kind=known.kind,
        item_id=known.pass_id,
        store_id=place.store_id,
        source_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original=units,
        remaining=units,
        expires_on=None if known.valid_days is None else place.business_date + timedelta(days=known.valid_days),
        sold_for_minor=sold_for_minor,
    )


def release_postings(taken: Taken, serving: StoreId, value_minor: int) -> list[Posting]:
    """The store that sold the pass owes the one that serves it what this use earned; negative when a use goes back."""
    if not value_minor:
        return []
    return [
        Posting(taken.store_id, Account.PASS_LIABILITY, value_minor, taken.item_id),
        *clearing(taken.store_id, serving, value_minor),
        Posting(serving, Account.REVENUE, -value_minor),
    ]
