"""Owns that one entry which the database will not take does not stop those behind it (L2): the batch is written whole, else one by one, and what cannot be stored is set aside.

Called by `keeping` inside its unit of work; each attempt is a savepoint of it.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from sqlalchemy.exc import DBAPIError

from hq_server.database.engine import WriteSession, is_unstorable
from hq_server.ingest.entry_rows import BatchRows
from hq_server.ingest.understanding import Incoming, set_aside
from sync.messages import Outcome

logger = logging.getLogger(__name__)
_FROM_STORING = (DBAPIError, psycopg.Error, sqlite3.Error, OverflowError, UnicodeEncodeError)


@dataclass(frozen=True, slots=True)
class Kept:
    """The entries as they were taken in, in their order, and what becomes of each."""

    incoming: tuple[Incoming, ...]
    outcomes: tuple[Outcome, ...]


def written(
    session: WriteSession,
    understood: Callable[[], list[Incoming]],
    write: Callable[[Sequence[Incoming]], BatchRows],
    apart: Callable[[Sequence[Incoming]], None],
) -> Kept:
    """`understood` makes the entries anew each time: an attempt that failed has left its findings in them. `apart` is told before they are written one by one."""
    incoming = understood()
    try:
        with session.begin_nested():
            rows = write(incoming)
    except _FROM_STORING as error:
        if not is_unstorable(error):
            raise
        logger.warning("a batch cannot be stored and is taken in entry by entry: %s", type(error).__name__)
        incoming = understood()
        apart(incoming)
        return _one_by_one(session, incoming, understood, write)
    return Kept(tuple(incoming), tuple(rows.outcomes()))


def _one_by_one(
    session: WriteSession,
    incoming: Sequence[Incoming],
    understood: Callable[[], list[Incoming]],
    write: Callable[[Sequence[Incoming]], BatchRows],
) -> Kept:
    taken: list[Incoming] = []
    outcomes: list[Outcome] = []
    for place, each in enumerate(incoming):
        try:
            with session.begin_nested():
                rows = write([each])
        except _FROM_STORING as error:
            if not is_unstorable(error):
                raise
            told = {"event_id": each.event_id, "error": type(error).__name__}
            logger.error("an entry cannot be stored and is set aside", extra=told)
            again = understood()[place]
            set_aside(again, f"it cannot be stored: {type(error).__name__}")
            with session.begin_nested():
                rows = write([again])
        taken.extend(rows.incoming)
        outcomes.extend(rows.outcomes())
    return Kept(tuple(taken), tuple(outcomes))
