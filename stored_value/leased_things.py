"""Which coupons, uses of passes and points go to a till with its lease, so that it can take them while nobody can be asked (H4). Pure; head office's lease desk asks it."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from stored_value.holdings import is_usable
from stored_value.identity import LotId
from stored_value.offline_policy import LeasePolicy
from stored_value.points import usable_points
from stored_value.reservation_records import ReservedThing
from stored_value.reservations import kept_of_thing
from stored_value.wallet import Holding, HoldingKind, Wallet

_COUNTED_PASSES = frozenset({HoldingKind.PASS_USES, HoldingKind.PASS_MINUTES})
"""A pass that runs until a day is not used up, so it is nobody's to keep."""
NOTHING_LEASED: Final[Mapping[LotId, int]] = {}


def things_to_lease(
    wallet: Wallet, policy: LeasePolicy, on: date, leased: Mapping[LotId, int] = NOTHING_LEASED
) -> tuple[ReservedThing, ...]:
    """Of what nobody keeps yet, in the order in which it is drawn: first to expire, then oldest, then id. `leased` is what tills lease already: coupons are made up
    to the policy's number; points, or a pass, of which there is some left wait until it is used up or renewed."""
    held = sorted(
        (each for each in wallet.holdings if is_usable(each, on)),
        key=lambda each: (each.expires_on or date.max, each.acquired_on, each.holding_id),
    )
    coupons = [each for each in held if each.kind is HoldingKind.COUPON]
    passes = [each for each in held if each.kind in _COUNTED_PASSES and each.holding_id not in leased]
    points = usable_points(wallet, on)
    more_coupons = policy.coupons - sum(leased.get(each.holding_id, 0) for each in coupons)
    has_points = any(each.holding_id in leased for each in points)
    things = [
        *_up_to(wallet, coupons, more_coupons),
        *(thing for each in passes for thing in _up_to(wallet, [each], policy.pass_units)),
        *_up_to(wallet, [] if has_points else points, policy.points),
    ]
    return tuple(things)


def _up_to(wallet: Wallet, held: list[Holding], most: int) -> list[ReservedThing]:
    things: list[ReservedThing] = []
    for each in held:
        quantity = min(most, each.remaining - kept_of_thing(wallet, each.holding_id))
        if quantity > 0:
            things.append(ReservedThing(thing_id=each.holding_id, quantity=quantity))
            most -= quantity
    return things
