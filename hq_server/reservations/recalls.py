"""Owns asking leases back: which ones a payment elsewhere needs, and marking them in the wallet and in the table. Their tills hear of it on the live channel (H9)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam

from hq_server.database.engine import WriteSession
from hq_server.database.prepared import PreparedChange
from hq_server.reservations.settling import CHANGING_OPEN
from stored_value.identity import LotId, TerminalId
from stored_value.reservation_records import Reservation, ReservationKind
from stored_value.wallet import Wallet

_RECALL: Final = PreparedChange(CHANGING_OPEN.values(recalled_at=bindparam("at"), needed=bindparam("wanted")))


def leases_needed(
    wallet: Wallet, missing_minor: int, asking: TerminalId, *, reachable: Callable[[TerminalId], bool]
) -> tuple[Reservation, ...]:
    """The leases at other tills that together give `missing_minor`: those asked back already first, then of tills that can be reached, then the largest.
    Empty when all of them would not do, because holds stand in the way."""
    elsewhere = sorted(
        (
            kept
            for kept in wallet.reservations
            if kept.kind is ReservationKind.LEASE and kept.terminal_id != asking and kept.amount_minor
        ),
        key=lambda kept: (not kept.recalled, not reachable(kept.terminal_id), -kept.amount_minor, kept.reservation_id),
    )
    chosen: list[Reservation] = []
    left = missing_minor
    for kept in elsewhere:
        if left <= 0:
            break
        chosen.append(kept)
        left -= kept.amount_minor
    return tuple(chosen) if left <= 0 else ()


def leases_of_thing(
    wallet: Wallet, thing_id: LotId, asking: TerminalId, *, reachable: Callable[[TerminalId], bool]
) -> tuple[Reservation, ...]:
    """The leases at other tills that keep some of a coupon, pass or lot of points; those of tills that can be reached first."""
    elsewhere = (
        kept
        for kept in wallet.reservations
        if kept.kind is ReservationKind.LEASE
        and kept.terminal_id != asking
        and any(thing.thing_id == thing_id for thing in kept.things)
    )
    return tuple(sorted(elsewhere, key=lambda kept: (not reachable(kept.terminal_id), kept.reservation_id)))


def mark_recalled(session: WriteSession, leases: Iterable[Reservation], *, at: datetime, needed: bool) -> None:
    """In the table; the caller marks the wallet with `stored_value.reservations.recalled` in the same unit of work."""
    by_till: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for kept in leases:
        by_till[kept.store_id, kept.terminal_id].append(kept.reservation_id)
    for (store_id, terminal_id), ids in sorted(by_till.items()):
        _RECALL.run(session, store=store_id, terminal=terminal_id, ids=ids, at=at, wanted=needed)
