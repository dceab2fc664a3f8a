"""Owns how tests look at a head office whose threads are still at work: its books at a moment at which nothing waits in the outbox."""

from tests.waiting import until
from tongchu.witness.books import WAITS_IN_OUTBOX, HqBooks


def faults_at_rest(books: HqBooks, *terminal_ids: str) -> list[str]:
    """The lease desk and the day's run bring changes of their own: what a look finds on its way to the feeds is looked at again, and nothing else."""

    def look() -> list[list[str]]:
        found = books.faults(*terminal_ids)
        return [] if WAITS_IN_OUTBOX in found else [found]

    (faults,) = until(look, what="the outbox to drain", timeout_s=30)
    return faults
