"""What a wallet keeps for a till (L5, L6): holds for one payment and leases for spending offline, as immutable values. `Wallet` holds them; `reservations` holds their rules."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from stored_value.identity import LotId, StoreId, TerminalId

ReservationId = NewType("ReservationId", str)


class ReservationKind(StrEnum):
    """A hold is for one payment that is being made now; a lease is a part of the balance that one till may spend while nobody can be asked."""

    HOLD = "hold"
    LEASE = "lease"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedThing:
    """A quantity of a holding (a coupon, uses or minutes of a pass), or of a deposit's lot, that is kept like money (H4)."""

    thing_id: LotId
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """`amount_minor` is what is still kept of `granted_minor`. `number` counts a hold's requests at the till, a lease's grants to the till (H2); 0: a lease that an
    offline top-up made, which has the top-up's own id (H3). After `expires_at` the till spends no more; the reservation stays until the till's report or a write-off.
    `accepted`: the till has journalled the lease; `recalled`: HQ asked for it back."""

    reservation_id: ReservationId
    kind: ReservationKind
    store_id: StoreId
    terminal_id: TerminalId
    incarnation: int
    number: int
    granted_minor: int
    amount_minor: int
    granted_at: datetime
    expires_at: datetime | None = None
    things: tuple[ReservedThing, ...] = ()
    accepted: bool = False
    recalled: bool = False


def things_kept(reservations: Iterable[Reservation], named: Collection[ReservationId]) -> Counter[LotId]:
    """How much of each thing those of the reservations that are `named` keep."""
    kept: Counter[LotId] = Counter()
    for each in reservations:
        if each.reservation_id in named:
            for thing in each.things:
                kept[thing.thing_id] += thing.quantity
    return kept
