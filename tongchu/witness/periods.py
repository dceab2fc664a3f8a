"""Owns whether head office tells what came after the books of its month were closed, and nothing else (L9). Called by the simulation.

Must not import the rules or the protocol.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tongchu.witness.books import HqBooks
from tongchu.witness.journal import seen_entry

PRIOR_PERIOD = "prior_period"
_BOOKED = (
    "SELECT terminal_id, seq, raw, findings, received_at FROM journal_entries"
    " WHERE event_id IN (SELECT event_id FROM postings) ORDER BY terminal_id, seq"
)


def told_as_late(books: HqBooks, zone: str) -> Iterator[str]:
    """For franchises that close a month with its last day. What books nothing is late for no books."""
    for terminal_id, seq, raw, findings, received_at in books.rows(_BOOKED):
        business_date = seen_entry(seq, bytes(raw)).body.get("business_date")
        if business_date is None:
            continue
        came = datetime.fromisoformat(str(received_at)).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
        is_late = _month(came) > _month(date.fromisoformat(business_date))
        is_told = any(found["code"] == PRIOR_PERIOD for found in json.loads(findings))
        if is_late != is_told:
            yield f"{terminal_id}-{seq}: business of {business_date} came on {came}, told as a prior period's: {is_told}"


def _month(on: date) -> tuple[int, int]:
    return on.year, on.month
