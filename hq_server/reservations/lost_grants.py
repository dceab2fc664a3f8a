"""Owns which entries of a till a restored head office does not blame for what it forgot itself (H1), and which of the leases that it granted and forgot they make known again.
Called by ingest.

Both end with the till's first report of the epoch, before which every entry of an earlier one has come: a till that pins an old anchor for ever is believed no longer, and one
that never reports not of what it pays by a grant of the new epoch.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.ingest.understanding import ID_SHAPE, Incoming
from hq_server.reservations.silence import LostLease, most_leased
from hq_server.terminals.rows import TerminalRow
from stored_value.events_reservation import LeaseAccepted
from stored_value.reservation_records import Reservation, ReservationKind
from sync.entry import AnchorRef

_GRANTED_IN: Final = Prepared(
    select(ReservationRecord.reservation_id, ReservationRecord.epoch).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        among_given(ReservationRecord.reservation_id, "ids"),
    )
)
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
    """Marks the entries whose anchor is of an earlier epoch, and gives those that accept a forgotten lease that lease; how much of it is kept, the wallet says. Not one that names
    what was granted in a later epoch than its anchor's: a counter lets go of its anchor before it hears of that."""
    if terminal.reported_epoch == epoch:
        return
    candidates = [
        (each, anchor.epoch) for each in incoming if (anchor := _proven_anchor(each)) and anchor.epoch < epoch
    ]
    known = _epochs_of(session, terminal, [each for each, _ in candidates])
    accepted: dict[str, tuple[Incoming, LeaseAccepted]] = {}
    for each, of_epoch in candidates:
        if any(known.get(name, "") > of_epoch for name in each.entry.header.reservations):
            continue
        each.earlier_epoch = True
        if isinstance(each.event, LeaseAccepted) and _may_be_one(each.event) and each.event.lease_id not in known:
            accepted[each.event.lease_id] = (each, each.event)
    if not accepted:
        return
    most = most_leased(rulebooks.offline_since(terminal.reported_at or terminal.enrolled_at, now))
    for each, event in accepted.values():
        each.lost_lease = LostLease(_lease(terminal, event), most)


def _proven_anchor(each: Incoming) -> AnchorRef | None:
    return each.entry.header.anchor if each.anchored else None


def _epochs_of(session: ReadSession, terminal: TerminalRow, entries: Sequence[Incoming]) -> dict[str, str]:
    """When what the entries name and accept was granted to the till, as far as head office knows of it."""
    named = {name for each in entries for name in each.entry.header.reservations}
    named |= {each.event.lease_id for each in entries if isinstance(each.event, LeaseAccepted)}
    if not named:
        return {}
    return dict(_GRANTED_IN.rows(session, store=terminal.store_id, terminal=terminal.terminal_id, ids=sorted(named)))


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
