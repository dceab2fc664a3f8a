"""What head office found in this till's own entries and a person should know: what is open first, then what was settled, each newest first. Reads what was noted with the
outcomes and what the feed told since, never the entries: one that cannot be read is among them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from stored_value.findings import INFORMATIVE
from terminal.counter.views_findings import FoundThing, Settled
from terminal.counter.workplace import Workplace
from terminal.journal.records import FlaggedEntry
from terminal.replica.records import SettledFinding

SET_ASIDE: Final = "set_aside"
_LATELY: Final = timedelta(days=7)
_LOOKED_AT: Final = 500
"""Of the newest entries with findings: those that only explain a difference, or are settled, must not hide what is open."""


def findings(place: Workplace, limit: int) -> tuple[FoundThing, ...]:
    found = sorted(_found(place), key=lambda each: each.settled is not None)
    return tuple(found[:limit])


def open_entries(place: Workplace) -> frozenset[int]:
    """The seqs of those that a person should still know something about."""
    return frozenset(each.seq for each in _found(place) if each.settled is None)


def settled_lately(place: Workplace) -> int:
    since = place.now().astimezone(place.zone).date() - _LATELY
    return sum(each.settled is not None and each.settled.on >= since for each in _found(place))


def codes_to_tell(entry: FlaggedEntry) -> tuple[str, ...]:
    """A code that this till does not know yet counts: head office is newer and must be asked."""
    told = tuple(code for code in entry.codes if code not in INFORMATIVE)
    return told or (("",) if entry.status == SET_ASIDE else ())


def _found(place: Workplace) -> Iterator[FoundThing]:
    settled = place.replica.settled_findings()
    for entry in place.journal.outcomes.flagged(_LOOKED_AT):
        for code in codes_to_tell(entry):
            yield FoundThing(
                seq=entry.seq,
                receipt_no=place.receipt_no(entry.seq),
                kind=entry.kind,
                code=code,
                settled=_settled(place, settled.get((entry.hash, code))),
            )


def _settled(place: Workplace, told: SettledFinding | None) -> Settled | None:
    if told is None:
        return None
    return Settled(on=told.settled_at.astimezone(place.zone).date(), resolution=told.resolution)
