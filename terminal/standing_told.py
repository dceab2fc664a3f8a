"""Owns what this till tells head office of itself with each session: how far its journal is, and how its printers are. Asked by the sync cycle, from its thread."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from printers.spool import Readiness, SpoolStatus
from sync.till_trouble import NO_PRINTER, TillStanding, TillTrouble
from terminal.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the cycle asks of the rest of the till before it opens a session; None: nothing to tell."""

    standing: Callable[[], TillStanding | None] = lambda: None
    mirror_trouble: Callable[[], TillTrouble | None] = lambda: None


ASK_NOTHING: Final = Asked()


def standing_told(journal: Journal, printers: Callable[[], tuple[SpoolStatus, ...]]) -> TillStanding:
    """Of several printers the first that does not print; one at work is as good as one that is ready."""
    found = printers()
    troubled = next((each.state for each in found if each.state not in {Readiness.READY, Readiness.PRINTING}), None)
    return TillStanding(
        journal_head=journal.head().seq,
        printer=(troubled or Readiness.READY) if found else NO_PRINTER,
        print_jobs=sum(each.queued for each in found),
    )
