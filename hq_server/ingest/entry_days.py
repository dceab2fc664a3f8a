"""Owns which day and hour an entry counts on: its own while they fit between the anchors around it (H8), else those of its time, kept within the anchors.

Promotions' days and hours, expiry and what a late entry brings back to life, the card's day, the books: all go by a date that a till says. Called by `understanding`; the rebuild
reads from the findings what was decided. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hq_server.ingest.anchor_trail import Neighbours
from hq_server.sessions.anchors import CLOCK_LEEWAY
from stored_value.business_day import SHIFT_LIFE
from stored_value.events import WalletEvent
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from sync.messages import OutcomeFinding

HOUR_LEEWAY: Final = timedelta(minutes=1)
_DAY_S: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts in place of what was said; None where that counts itself."""

    on: date | None = None
    at: str | None = None


AS_SAID: Final = Counted()


def count_days(
    occurred_at: datetime, event: WalletEvent | None, around: Neighbours, zone: ZoneInfo
) -> tuple[Counted, list[Finding]]:
    """`event` None: an entry that is settled by its header, whose only date is its time's."""
    moment = around.within(occurred_at)
    here = moment.astimezone(zone)
    if event is None:
        if here.date() == occurred_at.astimezone(zone).date():
            return AS_SAID, []
        return Counted(here.date()), [_finding("time", None, Counted(here.date()))]
    counted, misfit = _of_event(event, here, around, zone)
    if around.is_ahead(occurred_at) and event.occasion.business_date > here.date():
        # A clock that runs ahead brings back nothing that is over, and its members did nothing wrong (ADR 0009).
        misfit = "time"
    told = around.findings(occurred_at)
    if counted == AS_SAID:
        return counted, told
    if not told or (misfit == "business_date" and around.sound):
        return counted, [_finding(misfit, event, counted)]
    told[0].data.update(_said(event) | _counted(counted))
    return counted, told


def _finding(why: str, event: WalletEvent | None, counted: Counted) -> Finding:
    return Finding(FindingCode.OUTSIDE_ANCHORS, {"why": why} | _said(event) | _counted(counted))


def _of_event(event: WalletEvent, here: datetime, around: Neighbours, zone: ZoneInfo) -> tuple[Counted, str]:
    place = event.occasion
    first = (around.after - SHIFT_LIFE - CLOCK_LEEWAY).astimezone(zone).date()
    last = (around.before + CLOCK_LEEWAY).astimezone(zone).date()
    on = None if first <= place.business_date <= last else here.date()
    at = None if _is_hour_of(place.local_time, here) else f"{here:%Y-%m-%d %H:%M:%S}"
    return Counted(on, at), "local_time" if on is None else "business_date"


def _is_hour_of(local_time: str, here: datetime) -> bool:
    """By the clock's hands: days are the business date's to tell."""
    said = local_time[-8:]
    if said == f"{here:%H:%M:%S}":
        return True
    try:
        hands = time.fromisoformat(said)
    except ValueError:
        return False
    apart_s = (hands.hour - here.hour) * 3600 + (hands.minute - here.minute) * 60 + hands.second - here.second
    return min(apart_s % _DAY_S, -apart_s % _DAY_S) <= HOUR_LEEWAY.total_seconds()


def _said(event: WalletEvent | None) -> dict[str, int | str]:
    if event is None:
        return {}
    return {"business_date": event.occasion.business_date.isoformat(), "local_time": event.occasion.local_time[:32]}


def _counted(counted: Counted) -> dict[str, int | str]:
    said = {"counted_on": counted.on.isoformat() if counted.on else "", "counted_at": counted.at or ""}
    return {name: value for name, value in said.items() if value}


def counted_of(findings: Iterable[Finding | OutcomeFinding]) -> Counted:
    """What was decided of an entry with these findings."""
    for found in findings:
        if found.code == FindingCode.OUTSIDE_ANCHORS and ("counted_on" in found.data or "counted_at" in found.data):
            on, at = found.data.get("counted_on"), found.data.get("counted_at")
            return Counted(date.fromisoformat(str(on)) if on else None, str(at) if at else None)
    return AS_SAID


def as_counted(event: WalletEvent, counted: Counted) -> WalletEvent:
    if counted == AS_SAID:
        return event
    place = event.occasion
    day = place.business_date if counted.on is None else counted.on
    hour = place.local_time if counted.at is None else counted.at
    return changed(event, occasion=changed(place, business_date=day, local_time=hour))


def loses_bonus(findings: Iterable[Finding | OutcomeFinding]) -> bool:
    """Whether nothing that a promotion promises is given: the day is none of its anchors', or nobody knows the anchors."""
    whys = {found.data.get("why") for found in findings if found.code == FindingCode.OUTSIDE_ANCHORS}
    return not whys.isdisjoint({"anchor", "rulebook", "business_date"})
