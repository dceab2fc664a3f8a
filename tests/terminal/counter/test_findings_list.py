"""What the counter tells of head office's findings: those that somebody should know, and no others; also of an entry whose bytes are gone."""

from stored_value.identity import EventId
from terminal.counter.findings_list import codes_to_tell
from terminal.journal.records import FlaggedEntry


def told(*codes: str, status: str = "created") -> tuple[str, ...]:
    entry = FlaggedEntry(seq=1, hash="h", event_id=EventId("e"), kind="redeemed", status=status, codes=codes)
    return codes_to_tell(entry)


def test_what_only_explains_a_difference_is_nobodys_work() -> None:
    assert told("draw_differs") == ()
    assert told("draw_differs", "overdraft") == ("overdraft",)


def test_what_was_set_aside_and_what_is_not_known_yet_is_told() -> None:
    assert told(status="set_aside") == ("",)
    assert told("draw_differs", status="set_aside") == ("",)
    assert told("of_tomorrow") == ("of_tomorrow",)
