"""Owns where and when head office's own events happen: the reserved store and terminal, the zone that turns its business day, and the occasion of an event."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from stored_value.identity import EventId, ShiftId, StaffId, StoreId, TerminalId
from stored_value.occasion import EvidenceClass, Occasion
from stored_value.rulebook import HEAD_OFFICE_STORE

OWN_STORE: Final = StoreId(HEAD_OFFICE_STORE)
OWN_TERMINAL: Final = TerminalId(f"{HEAD_OFFICE_STORE}-00")
"""No enrolment code names it: tills are called `STORE-T…`, and no store may be called HQ."""
OWN_INCARNATION: Final = 1
HEAD_OFFICE_ZONE: Final = "Asia/Shanghai"
"""Head office's own zone, until it has a setting of its own."""
RUN: Final = StaffId("run")
"""Who signs for what no person asked for."""


def business_day(now: datetime) -> date:
    return now.astimezone(ZoneInfo(HEAD_OFFICE_ZONE)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When, for which business day and by whom head office acts; `by` is a console user's id or `RUN`."""

    now: datetime
    on: date
    by: StaffId = RUN

    @classmethod
    def at(cls, now: datetime, by: StaffId = RUN) -> "Moment":
        return cls(now=now, on=business_day(now), by=by)

    def occasion(self, event_id: str, rulebook: int) -> Occasion:
        return Occasion(
            event_id=EventId(event_id),
            occurred_at=self.now,
            terminal_id=OWN_TERMINAL,
            store_id=OWN_STORE,
            staff_id=self.by,
            shift_id=ShiftId(f"{OWN_STORE}-{self.on.isoformat()}"),
            business_date=self.on,
            local_time=self.now.astimezone(ZoneInfo(HEAD_OFFICE_ZONE)).strftime("%Y-%m-%d %H:%M:%S"),
            rulebook=rulebook,
            evidence=EvidenceClass.NOT_NEEDED,
            offline=False,
        )
