"""Owns how tests look at a head office whose threads are still at work: its books once it has come to rest."""

from contextlib import suppress

from tests.waiting import until
from tongchu.witness.books import HqBooks


def faults_at_rest(books: HqBooks, *terminal_ids: str) -> list[str]:
    """The lease desk and the day's run bring changes of their own, and the books are several tables read one after the other: what a look
    finds on its way is looked at again. What is wrong stays wrong."""
    found: list[str] = []

    def look() -> bool:
        found[:] = books.faults(*terminal_ids)
        return not found

    with suppress(AssertionError):
        until(look, what="head office to come to rest", timeout_s=20, nap_s=0.1)
    return found
