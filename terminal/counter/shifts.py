"""Shifts 交班: opening with a float, the X report in between, closing by a blind count. One shift at a time; its totals are
kept by the journal in the same commit as each entry.
"""

from dataclasses import replace

from printers.document import Receipt
from stored_value.events import EvidenceClass, Occasion, ShiftClosed, ShiftOpened, ShiftTotals
from stored_value.identity import EventId, ShiftId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.shift_totals import expected_cash_minor
from sync.entry import Entry
from terminal import steps
from terminal.clock import new_id
from terminal.counter.views import Completed, ShiftReport, StaffRole
from terminal.counter.workplace import AtWork, Workplace
from terminal.journal import Shift
from terminal.shift_reports import ShiftFigures, opening_slip, shift_report


def open_shift(place: Workplace, float_minor: int) -> Completed | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    if float_minor < 0:
        return Refusal(RefusalCode.AMOUNT_NEGATIVE)
    with place.journal.deciding():
        stopped = place.stopped()
        if stopped is not None:
            return stopped
        open_already = place.journal.shifts.current()
        if open_already is not None:
            opened_at = open_already.opened_local_time
            return Refusal(RefusalCode.SHIFT_ALREADY_OPEN, {"opened_at": opened_at})
        now = place.now()
        shift = Shift(
            shift_id=ShiftId(new_id(place.clock)),
            business_date=now.astimezone(place.zone).date(),
            opened_at=now,
            opened_local_time=place.local_time(now),
            staff_id=standing.staff.staff_id,
            float_minor=float_minor,
            opened_seq=0,
            closed_seq=None,
        )
        at_work = AtWork(staff=standing.staff, rulebook=standing.rulebook, on=shift.business_date, shift=shift)
        opened = _open(place, at_work, float_minor)
        place.opened(shift)
        return opened


def _open(place: Workplace, at_work: AtWork, float_minor: int) -> Completed | Refusal:
    event = ShiftOpened(occasion=_occasion(place, at_work), float_minor=float_minor)

    def write(entry: Entry) -> Receipt:
        slip = place.slip(entry, at_work.staff.name, at_work.rulebook)
        return opening_slip(slip, at_work.on, event.occasion.local_time, float_minor)

    steps.reached(steps.DECIDED)
    recorded = place.record(event, write, kick_drawer=False)
    return shift_completed(place, recorded.entry, event, recorded.receipt, printing=recorded.printing)


def shift_completed(
    place: Workplace, entry: Entry, event: ShiftOpened | ShiftClosed, receipt: Receipt, *, printing: bool
) -> Completed:
    """`amount_minor` is the float, or what was counted."""
    return Completed(
        event_id=event.occasion.event_id,
        kind=event.kind,
        seq=entry.header.seq,
        receipt_no=place.receipt_no(entry.header.seq),
        member_id=None,
        amount_minor=event.float_minor if isinstance(event, ShiftOpened) else event.counted_minor,
        principal_minor=0,
        bonus_minor=0,
        principal_after_minor=0,
        bonus_after_minor=0,
        provisional=False,
        receipt=receipt,
        printing=printing,
        opens_drawer=False,
    )


def x_report(place: Workplace) -> ShiftReport | Refusal:
    """A look at the shift; records and prints nothing. The count is blind: only a manager sees amounts before it."""
    at_work = place.in_shift()
    if isinstance(at_work, Refusal):
        return at_work
    totals = place.journal.shifts.totals(at_work.shift.shift_id)
    expected_minor: int | None = expected_cash_minor(at_work.shift.float_minor, totals)
    if at_work.staff.role is not StaffRole.MANAGER:
        expected_minor, totals = None, ShiftTotals(counts=totals.counts)
    figures = _figures(place, at_work, totals, expected_minor)
    slip = place.slip(None, at_work.staff.name, at_work.rulebook)
    return _report(at_work, figures, shift_report(slip, figures), seq=None)


def print_x_report(place: Workplace) -> ShiftReport | Refusal:
    report = x_report(place)
    if isinstance(report, Refusal):
        return report
    job = place.print_job("x_report", report.receipt, None)
    if job is not None:
        place.journal.add_print_job(job)
        place.equipment.wake_printers()
    return report


def close_shift(place: Workplace, counted_minor: int) -> ShiftReport | Refusal:
    at_work = place.in_shift()
    if isinstance(at_work, Refusal):
        return at_work
    if counted_minor < 0:
        return Refusal(RefusalCode.AMOUNT_NEGATIVE)
    with place.journal.deciding():
        if place.journal.shifts.current() != at_work.shift:
            return Refusal(RefusalCode.SHIFT_NOT_OPEN)
        totals = place.journal.shifts.totals(at_work.shift.shift_id)
        expected_minor = expected_cash_minor(at_work.shift.float_minor, totals)
        event = ShiftClosed(
            occasion=_occasion(place, at_work),
            float_minor=at_work.shift.float_minor,
            counted_minor=counted_minor,
            expected_minor=expected_minor,
            totals=totals,
        )
        figures = replace(_figures(place, at_work, totals, expected_minor), counted_minor=counted_minor)

        def write(entry: Entry) -> Receipt:
            return shift_report(place.slip(entry, at_work.staff.name, at_work.rulebook), figures)

        steps.reached(steps.DECIDED)
        recorded = place.record(event, write, kick_drawer=False)
        return _report(at_work, figures, recorded.receipt, seq=recorded.entry.header.seq)


def _occasion(place: Workplace, at_work: AtWork) -> Occasion:
    action = EventId(new_id(place.clock))
    return place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=not place.link.state().online)


def _figures(place: Workplace, at_work: AtWork, totals: ShiftTotals, expected_minor: int | None) -> ShiftFigures:
    return ShiftFigures(
        business_date=at_work.on,
        opened_at=at_work.shift.opened_local_time,
        printed_at=place.local_time(place.now()),
        float_minor=at_work.shift.float_minor,
        totals=totals,
        expected_minor=expected_minor,
    )


def _report(at_work: AtWork, figures: ShiftFigures, receipt: Receipt, *, seq: int | None) -> ShiftReport:
    counted, expected = figures.counted_minor, figures.expected_minor
    return ShiftReport(
        opened_at=hours_and_minutes(figures.opened_at),
        business_date=figures.business_date,
        staff_name=at_work.staff.name,
        float_minor=figures.float_minor,
        totals=figures.totals,
        expected_minor=expected,
        counted_minor=counted,
        difference_minor=None if counted is None or expected is None else counted - expected,
        receipt=receipt,
        seq=seq,
    )


def hours_and_minutes(local_time: str) -> str:
    """HH:MM of an entry's local time."""
    return local_time[11:16]
