"""What head office found in this till's own entries and a person should know, newest first. Reads what was noted with the outcomes, never the entries:
one that cannot be read is among them."""

from stored_value.findings import INFORMATIVE
from terminal.counter.views_findings import FoundEntry
from terminal.counter.workplace import Workplace
from terminal.journal.records import FlaggedEntry

SET_ASIDE = "set_aside"


def findings(place: Workplace, limit: int) -> tuple[FoundEntry, ...]:
    """A code for each thing found; none of an entry that was set aside without a word."""
    return tuple(
        FoundEntry(
            seq=each.seq,
            receipt_no=place.receipt_no(each.seq),
            kind=each.kind,
            set_aside=each.status == SET_ASIDE,
            codes=tuple(code for code in each.codes if code not in INFORMATIVE),
        )
        for each in place.journal.outcomes.flagged(limit)
        if needs_a_person(each)
    )


def needs_a_person(entry: FlaggedEntry) -> bool:
    """A code that this till does not know yet counts: head office is newer and must be asked."""
    return entry.status == SET_ASIDE or any(code not in INFORMATIVE for code in entry.codes)
