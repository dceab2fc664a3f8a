"""What this till has recorded, newest first, and printing a receipt again: marked, drawer shut."""

from dataclasses import replace

from printers.document import decode_document
from stored_value.events import Event, OrderPaid, OrderRefunded, PassUsed, Redeemed, ShiftClosed, ShiftOpened
from stored_value.events_reservation import ReservationEvent
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.taking_back import TAKEN_BACK_BY
from sync.entry import Entry
from sync.event_codec import event_of
from terminal.counter.completion import answer_for
from terminal.counter.findings_list import open_entries
from terminal.counter.member_view import moved_minor
from terminal.counter.shifts import shift_completed
from terminal.counter.views import Completed, ReceiptRow
from terminal.counter.workplace import Workplace
from terminal.journal import Shift
from terminal.members import MemberOnFile


def receipts(place: Workplace, limit: int) -> tuple[ReceiptRow, ...]:
    entries = place.journal.recent(limit)
    events = [event_of(entry) for entry in entries]
    settled = place.journal.outcomes.settled_through()
    flagged = open_entries(place)
    shift = place.journal.shifts.current()
    names = {each.staff_id: each.name for each in place.replica.staff()}
    known: dict[MemberId, MemberOnFile | None] = {}
    newest: dict[MemberId, EventId] = {}
    rows: list[ReceiptRow] = []
    for entry, event in zip(entries, events, strict=True):
        member = _member_of(place, event, known)
        if not isinstance(event, ShiftOpened | ShiftClosed | ReservationEvent):
            newest.setdefault(event.member_id, event.occasion.event_id)
        rows.append(
            ReceiptRow(
                seq=entry.header.seq,
                event_id=event.occasion.event_id,
                kind=event.kind,
                receipt_no=place.receipt_no(entry.header.seq),
                business_date=event.occasion.business_date,
                local_time=event.occasion.local_time,
                staff_name=names.get(event.occasion.staff_id, event.occasion.staff_id),
                member_id=None if isinstance(event, ShiftOpened | ShiftClosed) else event.member_id,
                name_masked=member.name_masked if member else "",
                phone_last4=member.phone_last4 if member else "",
                amount_minor=_amount_minor(event),
                pending=entry.header.seq > settled,
                flagged=entry.header.seq in flagged,
                refundable=isinstance(event, Redeemed | OrderPaid | PassUsed),
                reversible=_is_reversible(event, shift, newest),
            )
        )
    return tuple(rows)


def reprint(place: Workplace, seq: int) -> Completed | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    entry = place.journal.entry(seq)
    if entry is None:
        return Refusal(RefusalCode.RECEIPT_UNKNOWN)
    event = event_of(entry)
    if isinstance(event, ShiftOpened | ShiftClosed):
        return _reprint_shift(place, entry, event)
    answer = answer_for(place, entry, event, standing)
    if isinstance(answer, Refusal):
        return answer
    return replace(answer, printing=_print(place, entry, answer), opens_drawer=False)


def _print(place: Workplace, entry: Entry, answer: Completed) -> bool:
    """The spool's own job again, or a new marked one when the spool has forgotten it."""
    job = place.journal.print_job_of(entry.header.seq)
    if job is not None:
        place.journal.print_again(job.job_id)
    else:
        again = place.print_job(answer.kind, answer.receipt, entry.header.seq, copies=1)
        if again is None:
            return False
        place.journal.add_print_job(again)
    place.equipment.wake_printers()
    return True


def _reprint_shift(place: Workplace, entry: Entry, event: ShiftOpened | ShiftClosed) -> Completed | Refusal:
    """Shift reports are printed again from the spool alone."""
    job = place.journal.print_job_of(entry.header.seq)
    if job is None:
        return Refusal(RefusalCode.RECEIPT_UNKNOWN)
    place.journal.print_again(job.job_id)
    place.equipment.wake_printers()
    return shift_completed(place, entry, event, decode_document(job.stored_document), printing=True)


def _member_of(place: Workplace, event: Event, known: dict[MemberId, MemberOnFile | None]) -> MemberOnFile | None:
    if isinstance(event, ShiftOpened | ShiftClosed):
        return None
    if event.member_id not in known:
        known[event.member_id] = place.members.find(event.member_id)
    return known[event.member_id]


def _is_reversible(event: Event, shift: Shift | None, newest: dict[MemberId, EventId]) -> bool:
    """The list goes from the newest entry back, so the first of a member is his last."""
    if isinstance(event, ShiftOpened | ShiftClosed) or type(event) not in TAKEN_BACK_BY or shift is None:
        return False
    return event.occasion.shift_id == shift.shift_id and newest[event.member_id] == event.occasion.event_id


def _amount_minor(event: Event) -> int:
    match event:
        case ShiftOpened():
            return event.float_minor
        case ShiftClosed():
            return event.counted_minor
        case OrderPaid():
            return -event.amount_minor
        case OrderRefunded():
            return event.amount_minor
        case _:
            return moved_minor(event)
