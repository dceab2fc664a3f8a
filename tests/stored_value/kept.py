"""Owns the one maker of a reservation for tests: a lease of another till that it has taken, unless said otherwise."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stored_value.identity import LotId, StoreId, TerminalId
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing

GRANTED_AT = datetime(2026, 11, 23, 0, 2, tzinfo=UTC)


def reservation(
    name: str, amount_minor: int = 0, things: Mapping[str, int] | None = None, *, till: str = "S02-T1", **changed: Any
) -> Reservation:
    """`changed`: any other field."""
    plain: dict[str, Any] = {
        "kind": ReservationKind.LEASE,
        "incarnation": 1,
        "number": 1,
        "granted_minor": amount_minor,
        "granted_at": GRANTED_AT,
        "accepted": True,
    }
    return Reservation(
        reservation_id=ReservationId(name),
        store_id=StoreId(till[:3]),
        terminal_id=TerminalId(till),
        amount_minor=amount_minor,
        things=tuple(ReservedThing(thing_id=LotId(each), quantity=count) for each, count in (things or {}).items()),
        **plain | changed,
    )
