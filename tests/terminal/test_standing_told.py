"""What a till tells of its printers: the first that does not print, and all that is not on paper yet."""

from pathlib import Path

import pytest

from printers.spool import Readiness, SpoolStatus
from terminal.standing_told import standing_told
from tests.stored_value.miniature import top_up
from tests.terminal.miniature import opened_journal


def printer(state: Readiness, queued: int) -> SpoolStatus:
    return SpoolStatus(printer="counter", state=state, queued=queued)


@pytest.mark.parametrize(
    ("printers", "word", "jobs"),
    [
        ((), "none", 0),
        ((printer(Readiness.READY, 0),), "ready", 0),
        ((printer(Readiness.PRINTING, 1),), "ready", 1),
        ((printer(Readiness.READY, 0), printer(Readiness.PAPER_OUT, 3)), "paper_out", 3),
        ((printer(Readiness.OFFLINE, 2), printer(Readiness.PAPER_OUT, 3)), "offline", 5),
    ],
)
def test_the_first_printer_that_does_not_print_is_told(
    tmp_path: Path, printers: tuple[SpoolStatus, ...], word: str, jobs: int
) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(top_up("t1", 1))
        told = standing_told(journal, lambda: printers)
    assert (told.journal_head, told.printer, told.print_jobs) == (1, word, jobs)
