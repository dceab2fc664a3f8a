"""What the counter tells of head office's findings: those that somebody should know, and no others; also of an entry whose bytes are gone."""

from stored_value.identity import EventId
from terminal.counter.findings_list import needs_a_person
from terminal.journal.records import FlaggedEntry


def flagged(*codes: str, status: str = "created") -> FlaggedEntry:
    return FlaggedEntry(seq=1, event_id=EventId("e"), kind="redeemed", status=status, codes=codes)


def test_what_only_explains_a_difference_is_nobodys_work() -> None:
    assert not needs_a_person(flagged("draw_differs"))
    assert needs_a_person(flagged("draw_differs", "overdraft"))


def test_what_was_set_aside_and_what_is_not_known_yet_is_told() -> None:
    assert needs_a_person(flagged(status="set_aside"))
    assert needs_a_person(flagged("of_tomorrow"))
