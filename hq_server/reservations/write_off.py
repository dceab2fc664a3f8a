"""Owns the write-off of a reservation by a named person: head office stops waiting for the till's report, and what the till spent of it is the franchise's risk (L5).

An entry of head office's own journal; called by the console, which audits it.
"""

from dataclasses import dataclass
from enum import StrEnum

from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.events_reservation import ReservationWrittenOff
from stored_value.identity import MemberId, named_id
from stored_value.reservation_records import ReservationId
from stored_value.reservations import find


class WriteOff(StrEnum):
    """What became of the wish."""

    DONE = "done"
    NOTHING_KEPT = "nothing_kept"
    REASON_MISSING = "reason_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffWish:
    """`reason` is the person's; blanks are none."""

    member_id: MemberId
    reservation_id: ReservationId
    reason: str


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
        event = ReservationWrittenOff(
            occasion=moment.occasion(
                named_id("write_off", wish.member_id, wish.reservation_id),
                journal.rulebooks.in_force(moment.now).version,
            ),
            member_id=wish.member_id,
            reservation_id=wish.reservation_id,
            amount_minor=kept.amount_minor,
            reason=wish.reason,
        )
        journal.write([event])
        note(journal.session)
        return WriteOff.DONE

    answer = desk.write(moment.now, write)
    if answer is WriteOff.DONE:
        desk.tell()
    return answer
