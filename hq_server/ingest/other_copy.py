"""Owns what a branch that was taken over (H6) may have used of reservations that head office counts to the other copy of the till's disk: what was open where the two parted, or
was given to the till after that. The other copy may have used it up, given it back, or reported that it is over.

Reads only; called by `till_risk` for entries of such a branch, and by `reservations.exposure`. Must not look at what ended before the copies parted: both knew that.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, func, or_, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import JournalEntry, ReservationRecord, ReservationState, Terminal
from hq_server.database.prepared import Prepared
from hq_server.terminals.rows import TerminalRow
from sync.message_types import prepare

_PARTED: Final = Prepared(
    select(JournalEntry.received_at)
    .where(
        JournalEntry.store_id == bindparam("store"),
        JournalEntry.terminal_id == bindparam("terminal"),
        JournalEntry.incarnation < bindparam("incarnation"),
        JournalEntry.seq == bindparam("seq"),
    )
    .order_by(JournalEntry.incarnation.desc())
    .limit(1)
)
_OF_BOTH: Final = (
    ReservationRecord.store_id == bindparam("store"),
    ReservationRecord.terminal_id == bindparam("terminal"),
    ReservationRecord.incarnation < bindparam("incarnation"),
    ReservationRecord.state != ReservationState.REFUSED,
    or_(ReservationRecord.closed_at.is_(None), ReservationRecord.closed_at >= bindparam("parted")),
)
_SHARED: Final = Prepared(
    select(
        ReservationRecord.reservation_id,
        ReservationRecord.member_id,
        ReservationRecord.kind,
        ReservationRecord.amount_minor,
        ReservationRecord.things,
    ).where(*_OF_BOTH, among_given(ReservationRecord.member_id, "members"))
)
_SHARED_MINOR: Final = Prepared(select(func.coalesce(func.sum(ReservationRecord.amount_minor), 0)).where(*_OF_BOTH))


class Shared(NamedTuple):
    """A hold or lease that both copies may have used; `amount_minor` and `things` (JSON) as they were granted."""

    reservation_id: str
    member_id: str
    kind: str
    amount_minor: int
    things: str


def shared_with_other_copy(session: ReadSession, terminal: TerminalRow, members: Collection[str]) -> list[Shared]:
    found = _SHARED.rows(session, **_copies(session, terminal), members=sorted(members))
    return [Shared(*row) for row in found]


def shared_minor(session: ReadSession, terminal: Terminal) -> int:
    """Of all members: what the branch may use once more, while it may still come."""
    found = _SHARED_MINOR.row(session, **_copies(session, terminal))
    return 0 if found is None else int(found[0])


def _copies(session: ReadSession, terminal: TerminalRow | Terminal) -> dict[str, Any]:
    place = {"store": terminal.store_id, "terminal": terminal.terminal_id, "incarnation": terminal.incarnation}
    return {**place, "parted": _parted_at(session, terminal)}


def _parted_at(session: ReadSession, terminal: TerminalRow | Terminal) -> datetime:
    """When the last entry came that the copies have in common."""
    found = _PARTED.row(
        session,
        store=terminal.store_id,
        terminal=terminal.terminal_id,
        incarnation=terminal.incarnation,
        seq=terminal.branch_from,
    )
    if found is None:
        return terminal.enrolled_at
    received_at: datetime = found[0]
    return received_at


prepare(globals())
