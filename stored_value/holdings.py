"""Taking from and giving back to what a member holds by quantity: where an order changes passes, coupons and points. Whether it may is for `coupons` and `passes`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId
from stored_value.occasion import Occasion
from stored_value.policies import LifeCyclePolicy, RefundIntoExpired
from stored_value.wallet import Holding, HoldingKind, Taken, Wallet


def is_usable(held: Holding, on: date) -> bool:
    """Something is left and the day lies between its first and last."""
    if held.remaining <= 0 or (held.starts_on is not None and held.starts_on > on):
        return False
    return held.expires_on is None or held.expires_on >= on


def change_holdings(wallet: Wallet, changes: Mapping[LotId, int]) -> Wallet:
    """The wallet with each holding's remainder changed by a signed quantity; none goes below zero."""
    holdings = tuple(
        replace(held, remaining=held.remaining + changes[held.holding_id]) if changes.get(held.holding_id) else held
        for held in wallet.holdings
    )
    assert all(held.remaining >= 0 for held in holdings), "a holding went below zero"
    return replace(wallet, holdings=holdings)


def give_back(
    wallet: Wallet,
    taken: Taken,
    quantity: int,
    value_minor: int,
    bought_on: date,
    place: Occasion,
    policy: LifeCyclePolicy,
) -> tuple[Wallet, list[Finding]]:
    """Puts a quantity, and the value that it had released of a sold pass, back into its holding. Where that has expired meanwhile the quantity gets a holding of
    its own with a new last day, as refunded lots do; a pass that runs until a day takes back value only."""
    held = wallet.holding(taken.holding_id)
    if held is None:
        found = Finding(FindingCode.HOLDING_UNKNOWN, {"holding": taken.holding_id, "quantity": quantity})
        return _in_place_of(wallet, taken, quantity, value_minor, place, policy), [found]
    back = 0 if held.kind is HoldingKind.PASS_UNTIL else quantity
    if not back or held.expires_on is None or held.expires_on >= place.business_date:
        changed = replace(held, remaining=held.remaining + back, released_minor=held.released_minor - value_minor)
        return swap_holding(wallet, changed), []
    days = policy.expired_refund_days
    if policy.refund_into_expired is RefundIntoExpired.REVIVE:
        days = max(0, (held.expires_on - bought_on).days)
    own = replace(
        held,
        holding_id=LotId(f"{place.event_id}/x/{held.holding_id}"),
        original=back,
        remaining=back,
        expires_on=place.business_date + timedelta(days=days),
        sold_for_minor=value_minor,
        released_minor=0,
    )
    less = replace(
        held,
        original=held.original - back,
        sold_for_minor=held.sold_for_minor - value_minor,
        released_minor=held.released_minor - value_minor,
    )
    wallet = swap_holding(wallet, less)
    data: dict[str, int | str] = {"lot": held.holding_id, "quantity": back, "last_day": str(own.expires_on)}
    return replace(wallet, holdings=(*wallet.holdings, own)), [Finding(FindingCode.LOT_REVIVED, data)]


def _in_place_of(
    wallet: Wallet, taken: Taken, quantity: int, value_minor: int, place: Occasion, policy: LifeCyclePolicy
) -> Wallet:
    """The holding left this wallet (a merge or a transfer carried it away): what comes back lands here all the same, to be swept after it (H11)."""
    own = Holding(
        holding_id=LotId(f"{place.event_id}/x/{taken.holding_id}"),
        kind=taken.kind,
        item_id=taken.item_id,
        store_id=taken.store_id,
        source_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original=quantity,
        remaining=quantity,
        expires_on=place.business_date + timedelta(days=policy.expired_refund_days),
        sold_for_minor=value_minor,
    )
    return replace(wallet, holdings=(*wallet.holdings, own))


def swap_holding(wallet: Wallet, changed: Holding) -> Wallet:
    return replace(
        wallet,
        holdings=tuple(changed if held.holding_id == changed.holding_id else held for held in wallet.holdings),
    )
