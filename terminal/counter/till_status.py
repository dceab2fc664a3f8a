"""The till at a glance, for the strip that is always on screen. Reads only, never waits for the network or a device."""

from datetime import timedelta
from typing import Final

from terminal.counter.findings_list import open_entries, settled_lately
from terminal.counter.pay_codes import refuse_pay_codes
from terminal.counter.shifts import hours_and_minutes
from terminal.counter.views import PrinterState, TillStatus
from terminal.counter.workplace import Workplace
from terminal.hq_time import WARN_AT
from terminal.journal import Shift
from terminal.stops import StopCode

_TOLD_BEFORE: Final = timedelta(hours=6)
"""The strip says that a shift has to be closed while there is time to choose when."""


def _left_s(place: Workplace, shift: Shift | None) -> int | None:
    left = place.left_of(shift) if shift is not None else _TOLD_BEFORE * 2
    return int(left.total_seconds()) if left <= _TOLD_BEFORE else None


def status(place: Workplace) -> TillStatus:
    journal, now = place.journal, place.now()
    identity = journal.head_office.identity
    shift = journal.shifts.current()
    link = place.link.state()
    rulebook = place.replica.rulebook_in_force(now)
    off_by = link.clock_off_by
    stop = journal.head_office.stopped
    return TillStatus(
        store_id=identity.store_id,
        store_name=place.store_name,
        terminal_id=identity.terminal_id,
        staff_name=place.signed_in.name if place.signed_in else None,
        staff_role=place.signed_in.role if place.signed_in else None,
        shift_opened_at=hours_and_minutes(shift.opened_local_time) if shift else None,
        online=link.online,
        replica_as_of=place.replica.as_of(),
        pending_entries=journal.pending_count(),
        printers=tuple(
            PrinterState(name=each.printer, state=each.state, queued=each.queued, fault=each.fault)
            for each in place.equipment.printers()
        ),
        scanner=place.equipment.scanner(),
        mirror=place.equipment.mirror(),
        stopped_reason=None if stop is None else stop.reason,
        stop_code=StopCode.UNKNOWN if stop is None else stop.code,
        findings_open=len(open_entries(place)),
        findings_settled=settled_lately(place),
        local_time=hours_and_minutes(place.local_time(now)),
        offline_member_limit_minor=rulebook.offline.risk.member_minor if rulebook else 0,
        clock_off_s=int(off_by.total_seconds()) if abs(off_by) >= WARN_AT else 0,
        pay_codes_blocked=refuse_pay_codes(place) is not None,
        trouble=link.trouble,
        shift_left_s=_left_s(place, shift),
    )
