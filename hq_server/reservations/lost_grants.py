"""Owns which entries of a till a restored head office does not blame for what it forgot itself (H1), and which of the leases that it granted and forgot they make known again.
Called by ingest.

Both end with the till's first report of the epoch, before which every entry of an earlier one has come: a till that pins an old anchor for ever is believed no longer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.ingest.understanding import ID_SHAPE, Incoming
from hq_server.reservations.silence import LostLease, most_leased
from hq_server.terminals.rows import TerminalRow
from stored_value.events_reservation import LeaseAccepted
from stored_value.reservation_records import Reservation, ReservationKind

_NUMBER_MAX: Final = 10**12
"""More grants than a till sees in its life; a column holds it."""


def mark_earlier(
    session: ReadSession,
    terminal: TerminalRow,
    incoming: Sequence[Incoming],
    epoch: str,
    rulebooks: Rulebooks,
    now: datetime,
) -> None:
    """Marks the entries whose anchor is of an earlier epoch, and gives those that accept a forgotten lease that lease; how much of it is kept, the wallet says."""
    if terminal.reported_epoch == epoch:
        return
    accepted: dict[str, tuple[Incoming, LeaseAccepted]] = {}
    for each in incoming:
        anchor = each.entry.header.anchor
        if anchor is None or anchor.epoch >= epoch or not each.anchored:
            continue
        each.earlier_epoch = True
        if isinstance(each.event, LeaseAccepted) and _may_be_one(each.event):
            accepted[each.event.lease_id] = (each, each.event)
    if not accepted:
        return
    known = session.scalars(
        select(ReservationRecord.reservation_id).where(
            ReservationRecord.store_id == terminal.store_id,
            ReservationRecord.terminal_id == terminal.terminal_id,
            ReservationRecord.reservation_id.in_(accepted),
        )
    )
    for lease_id in known:
        del accepted[lease_id]
    most = most_leased(rulebooks.offline_since(terminal.reported_at or terminal.enrolled_at, now))
    for each, event in accepted.values():
        each.lost_lease = LostLease(_lease(terminal, event), most)


def _may_be_one(event: LeaseAccepted) -> bool:
    """Head office numbers what it grants from 1."""
    return ID_SHAPE.fullmatch(event.lease_id) is not None and 0 < event.number <= _NUMBER_MAX


def _lease(terminal: TerminalRow, event: LeaseAccepted) -> Reservation:
    place = event.occasion
    return Reservation(
        reservation_id=event.lease_id,
        kind=ReservationKind.LEASE,
        store_id=place.store_id,
        terminal_id=place.terminal_id,
        incarnation=terminal.incarnation,
        number=event.number,
        granted_minor=event.amount_minor,
        amount_minor=event.amount_minor,
        granted_at=place.occurred_at,
        expires_at=event.expires_at,
        things=event.things,
    )
