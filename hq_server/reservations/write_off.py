"""Owns the write-off of reservations by a named person: head office stops waiting for the till's report, and what the till spent of them is the franchise's risk (L5).
One of a member, or all that is kept for a till that was revoked.

Entries of head office's own journal; called by the console, which audits them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from sqlalchemy import select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import ReservationRecord, ReservationState, Terminal, TerminalStatus
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from hq_server.reservations.silence import Till
from stored_value.events_reservation import ReservationWrittenOff
from stored_value.identity import MemberId, named_id
from stored_value.reservation_records import Reservation, ReservationId
from stored_value.reservations import find

BATCH_RESERVATIONS: Final = 50
NoteOfMany = Callable[[WriteSession, Sequence[ReservationWrittenOff]], None]
"""What is written in the same unit of work as these events."""


class WriteOff(StrEnum):
    """What became of the wish."""

    DONE = "done"
    NOTHING_KEPT = "nothing_kept"
    REASON_MISSING = "reason_missing"
    TILL_NOT_REVOKED = "till_not_revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffWish:
    """`reason` is the person's; blanks are none."""

    member_id: MemberId
    reservation_id: ReservationId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TillWriteOff:
    """How many of a till's reservations were written off by this call, and what was kept with them."""

    answer: WriteOff
    count: int = 0
    amount_minor: int = 0


def write_off(desk: Desk, moment: Moment, wish: WriteOffWish, note: Note) -> WriteOff:
    """Nothing without a reason, and nothing when nothing is kept under that id any more. The event is named after the reservation: twice is once. `note` is written with it.
    May raise `DatabaseBusy`, `StorageFull`."""
    if not wish.reason.strip():
        return WriteOff.REASON_MISSING

    def write(journal: OwnJournal) -> WriteOff:
        wallet = journal.wallets([wish.member_id]).get(wish.member_id)
        kept = find(wallet, wish.reservation_id) if wallet is not None else None
        if kept is None:
            return WriteOff.NOTHING_KEPT
        journal.write([_event(journal, moment, wish.member_id, kept, wish.reason)])
        note(journal.session)
        return WriteOff.DONE

    answer = desk.write(moment.now, write)
    if answer is WriteOff.DONE:
        desk.tell()
    return answer


def write_off_till(desk: Desk, moment: Moment, till: Till, reason: str, note: NoteOfMany) -> TillWriteOff:
    """All that is kept for a revoked till, one entry each, in units of work of `BATCH_RESERVATIONS`: what a crash left is done by the same call again.
    Each event is named after its reservation, as one written off alone is. May raise `DatabaseBusy`, `StorageFull`."""
    if not reason.strip():
        return TillWriteOff(answer=WriteOff.REASON_MISSING)
    with desk.database.read() as session:
        if not _is_revoked(session, till):
            return TillWriteOff(answer=WriteOff.TILL_NOT_REVOKED)
    written: list[ReservationWrittenOff] = []
    after = ""
    while batch := _open_of(desk, till, after):
        after = batch[-1][0]
        written += desk.write(moment.now, partial(_write, moment=moment, batch=batch, reason=reason, note=note))
    if not written:
        return TillWriteOff(answer=WriteOff.NOTHING_KEPT)
    desk.tell()
    return TillWriteOff(
        answer=WriteOff.DONE, count=len(written), amount_minor=sum(event.amount_minor for event in written)
    )


_Batch = Sequence[tuple[ReservationId, MemberId]]


def _open_of(desk: Desk, till: Till, after: str) -> _Batch:
    record = ReservationRecord
    with desk.database.read() as session:
        found = session.execute(
            select(record.reservation_id, record.member_id)
            .where(
                record.store_id == till.store_id,
                record.terminal_id == till.terminal_id,
                record.state == ReservationState.OPEN,
                record.reservation_id > after,
            )
            .order_by(record.reservation_id)
            .limit(BATCH_RESERVATIONS)
        ).all()
    return [(ReservationId(row.reservation_id), MemberId(row.member_id)) for row in found]


def _write(
    journal: OwnJournal, moment: Moment, batch: _Batch, reason: str, note: NoteOfMany
) -> Iterable[ReservationWrittenOff]:
    """What was given back or written off meanwhile is left out."""
    wallets = journal.wallets(member_id for _, member_id in batch)
    events: list[ReservationWrittenOff] = []
    for reservation_id, member_id in batch:
        wallet = wallets.get(member_id)
        kept = find(wallet, reservation_id) if wallet is not None else None
        if kept is not None:
            events.append(_event(journal, moment, member_id, kept, reason))
    if events:
        journal.write(events)
        note(journal.session, events)
    return events


def _event(
    journal: OwnJournal, moment: Moment, member_id: MemberId, kept: Reservation, reason: str
) -> ReservationWrittenOff:
    return ReservationWrittenOff(
        occasion=moment.occasion(
            named_id("write_off", member_id, kept.reservation_id), journal.rulebooks.in_force(moment.now).version
        ),
        member_id=member_id,
        reservation_id=kept.reservation_id,
        amount_minor=kept.amount_minor,
        reason=reason,
    )


def _is_revoked(session: ReadSession, till: Till) -> bool:
    status = session.scalar(
        select(Terminal.status).where(Terminal.store_id == till.store_id, Terminal.terminal_id == till.terminal_id)
    )
    return status == TerminalStatus.REVOKED
