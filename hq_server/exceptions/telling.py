"""Owns what the tills of a store hear of settled exceptions: those about entries of theirs, by a row of the store's feed, and in its snapshots.

Must not tell who settled it. Called in the unit of work that settles one, and by the making of snapshots.
"""

from typing import Any

from sqlalchemy import Select, select

from hq_server.database.engine import WriteSession
from hq_server.database.models import ExceptionRecord, ExceptionState, JournalEntry
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.feed.publishing import publish
from hq_server.own_journal.place import OWN_STORE
from sync.messages import SettledFindingRow

_BY_HEAD_OFFICE = tuple(ExceptionCode)
"""Found outside of entries: no till has them in its list."""


def settled_findings(store_id: str) -> Select[*tuple[Any, ...]]:
    """The rows of a replica's table of that name."""
    entry = (
        (JournalEntry.store_id == ExceptionRecord.store_id)
        & (JournalEntry.terminal_id == ExceptionRecord.terminal_id)
        & (JournalEntry.incarnation == ExceptionRecord.incarnation)
        & (JournalEntry.seq == ExceptionRecord.seq)
    )
    return (
        select(
            JournalEntry.hash.label("entry_hash"),
            ExceptionRecord.code,
            ExceptionRecord.resolution,
            ExceptionRecord.resolved_at.label("settled_at"),
        )
        .join(JournalEntry, entry)
        .where(
            ExceptionRecord.store_id == store_id,
            ExceptionRecord.state == ExceptionState.RESOLVED,
            ExceptionRecord.code.not_in(_BY_HEAD_OFFICE),
        )
    )


def tell_store(session: WriteSession, settled: ExceptionRecord) -> None:
    """In the unit of work in which it was settled; `settled` is flushed."""
    if settled.store_id == OWN_STORE:
        return
    row = session.execute(
        settled_findings(settled.store_id).where(
            ExceptionRecord.subject == settled.subject, ExceptionRecord.code == settled.code
        )
    ).one_or_none()
    if row is None:
        return
    told = SettledFindingRow(
        entry_hash=row.entry_hash, code=row.code, resolution=row.resolution, settled_at=row.settled_at
    )
    publish(session, settled.store_id, told, at=row.settled_at)
