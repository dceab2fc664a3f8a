"""Owns what a restored head office makes of leases that it granted and forgot (H1): an entry from an earlier epoch that accepts one makes it known again. Called by ingest."""

from collections.abc import Sequence

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord
from hq_server.ingest.understanding import ID_SHAPE, Incoming
from hq_server.terminals.rows import TerminalRow
from stored_value.events_reservation import LeaseAccepted
from stored_value.reservation_records import Reservation, ReservationKind


def mark_earlier(session: ReadSession, terminal: TerminalRow, incoming: Sequence[Incoming], epoch: str) -> None:
    """Marks the entries whose anchor is of an earlier epoch, and gives those that accept a forgotten lease that lease."""
    accepted: dict[str, tuple[Incoming, LeaseAccepted]] = {}
    for each in incoming:
        anchor = each.entry.header.anchor
        if anchor is None or anchor.epoch >= epoch or not each.anchored:
            continue
        each.earlier_epoch = True
        if isinstance(each.event, LeaseAccepted) and ID_SHAPE.fullmatch(each.event.lease_id):
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
    for each, event in accepted.values():
        each.lost_lease = _lease(terminal, event)


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
