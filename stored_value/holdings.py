"""Taking from and giving back to what a member holds by quantity: where an order changes passes, coupons and points. Whether it may is for `coupons` and `passes`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from stored_value.identity import LotId
from stored_value.wallet import Holding, Wallet


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


def swap_holding(wallet: Wallet, changed: Holding) -> Wallet:
    return replace(
        wallet,
        holdings=tuple(changed if held.holding_id == changed.holding_id else held for held in wallet.holdings),
    )
