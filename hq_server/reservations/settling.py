"""Owns keeping the table of reservations in step with the wallets that a batch of entries wrote. Called by ingest and by head office's own journal, in the same unit of work.

Costs nothing when no entry touched a reservation.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, update

from hq_server.database.among import among_given
from hq_server.database.batch_writer import writer_for
from hq_server.database.engine import WriteSession
from hq_server.database.models import ReservationRecord, ReservationState
from hq_server.database.prepared import PreparedChange
from hq_server.ingest.reservation_changes import Noted
from hq_server.ingest.rows import ReservationRow
from hq_server.ingest.wallet_batch import MemberBatch
from stored_value.reservation_records import Reservation

_encode = msgspec.json.Encoder(order="sorted").encode
CHANGING_OPEN: Final = update(ReservationRecord).where(
    ReservationRecord.store_id == bindparam("store"),
    ReservationRecord.terminal_id == bindparam("terminal"),
    among_given(ReservationRecord.reservation_id, "ids"),
    ReservationRecord.state == ReservationState.OPEN,
)
"""Of one till's reservations those of `ids` that are open; what changes is the caller's."""
_CLOSE: Final = PreparedChange(
    CHANGING_OPEN.values(state=bindparam("to"), closed_at=bindparam("at"), at_large=bindparam("large"))
)


def note_settled(session: WriteSession, batches: Iterable[MemberBatch], *, at: datetime) -> None:
    """What entries used up, took, gave back or wrote off is closed; what they leased is opened; what they showed is written down as used."""
    touched = [batch.reservations for batch in batches if batch.reservations]
    if not touched:
        return
    ended = [(kept, kept.reservation_id in each.written_off) for each in touched for kept in each.ended]
    _close(session, [kept for kept, written_off in ended if not written_off], ReservationState.SETTLED, at)
    _close(session, [kept for kept, written_off in ended if written_off], ReservationState.WRITTEN_OFF, at)
    rows = [_row(opened, at) for each in touched for opened in each.opened]
    used = [_row(shown, at) for each in touched for shown in each.shown]
    rows += [row._replace(state=ReservationState.SETTLED, closed_at=at) for row in used]
    writer_for(session).append_missing(ReservationRecord, rows)


def _close(session: WriteSession, ended: Iterable[Reservation], state: ReservationState, at: datetime) -> None:
    by_till: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for kept in ended:
        by_till[kept.store_id, kept.terminal_id].append(kept.reservation_id)
    for (store_id, terminal_id), ids in sorted(by_till.items()):
        close_records(session, store_id, terminal_id, ids, state, at=at)


def close_records(
    session: WriteSession,
    store_id: str,
    terminal_id: str,
    ids: list[str],
    state: ReservationState,
    *,
    at: datetime,
) -> None:
    """Only those that are open. What is written off is at large: its till may not know."""
    large = state is ReservationState.WRITTEN_OFF
    _CLOSE.run(session, store=store_id, terminal=terminal_id, ids=ids, to=state, at=at, large=large)


def _row(noted: Noted, at: datetime) -> ReservationRow:
    """Its till says when it made the lease, and cannot have made it after the entry came: what a later entry may have used of it is known by that time (H7)."""
    kept = noted.kept
    return ReservationRow(
        store_id=kept.store_id,
        terminal_id=kept.terminal_id,
        reservation_id=kept.reservation_id,
        kind=kept.kind,
        incarnation=noted.incarnation,
        epoch=noted.epoch,
        number=kept.number,
        member_id=noted.member_id,
        version=noted.version,
        amount_minor=kept.granted_minor,
        things=_encode(kept.things).decode(),
        state=ReservationState.OPEN,
        refusal="",
        refusal_data="{}",
        granted_at=min(kept.granted_at, at),
        expires_at=kept.expires_at,
        recalled_at=None,
        needed=False,
        closed_at=None,
        at_large=False,
    )
