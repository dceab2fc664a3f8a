"""Owns whether head office books on a day that an entry can have, and tells what came after that day's month was closed, and nothing else (L9). Called by the simulation.

Must not import the rules or the protocol.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tongchu.witness.books import HqBooks
from tongchu.witness.journal import SeenEntry, seen_entry

PRIOR_PERIOD = "prior_period"
_MISFIT: Final = "outside_anchors"
_LONGEST_SHIFT: Final = timedelta(hours=36)
_LEEWAY: Final = timedelta(minutes=10)
_BOOKED = (
    "SELECT DISTINCT journal_entries.terminal_id, seq, raw, findings, received_at, postings.business_date"
    " FROM journal_entries JOIN postings ON postings.event_id = journal_entries.event_id"
    " ORDER BY journal_entries.terminal_id, seq, postings.business_date"
)


def told_as_late(books: HqBooks, zone: str) -> Iterator[str]:
    """For franchises that close a month with its last day. What books nothing is late for no books."""
    for terminal_id, seq, raw, findings, received_at, booked_on in books.rows(_BOOKED):
        entry, found = seen_entry(seq, bytes(raw)), json.loads(findings)
        if entry.body.get("business_date") is None:
            continue
        booked = date.fromisoformat(str(booked_on))
        came = datetime.fromisoformat(str(received_at)).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        is_told = any(each["code"] == PRIOR_PERIOD for each in found)
        wrong = _wrong_day(entry, found, booked, came)
        if (_month(came.date()) > _month(booked)) != is_told:
            wrong.append(f"came on {came.date()}, told as a prior period's: {is_told}")
        yield from (
            f"{terminal_id}-{seq}: business of {entry.body['business_date']}, booked on {booked}: {each}"
            for each in wrong
        )


def _wrong_day(entry: SeenEntry, found: Sequence[dict[str, Any]], booked: date, came: datetime) -> list[str]:
    """A finding may name another day than the entry (H8). It is believed as far as the books and the entry's own anchor bear it out."""
    said, anchor = date.fromisoformat(entry.body["business_date"]), entry.header["anchor"]
    told = {each["data"].get("counted_on", ""): each["data"].get("why") for each in found if each["code"] == _MISFIT}
    told.pop("", None)
    wrong: list[str] = []
    if booked != date.fromisoformat(next(iter(told), said.isoformat())):
        wrong.append("no finding says why")
    if booked > (came + _LEEWAY).date():
        wrong.append(f"came before, on {came.date()}")
    if anchor is not None:
        anchored = datetime.fromisoformat(anchor["hq_time"]).astimezone(came.tzinfo)
        first = (anchored - _LONGEST_SHIFT - _LEEWAY).date()
        if booked < first:
            wrong.append(f"no shift before {first} reached to its anchor")
        if booked != said and first <= said <= anchored.date() and "anchor" not in told.values():
            wrong.append("its own day fits its anchor")
    return wrong


def _month(on: date) -> tuple[int, int]:
    return on.year, on.month
