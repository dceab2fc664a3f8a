"""Reads of what needs a person: entries with findings, entries set aside, tills that stopped. Newest first, by keyset."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import func, select, tuple_

from hq_server.database.engine import ReadSession
from hq_server.database.models import EntryStatus, JournalEntry, Member
from stored_value.identity import StoreId, TerminalId
from sync.messages import OutcomeFinding

PAGE_ROWS: Final = 50
COUNT_MAX: Final = 100
_decode_findings = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode
Cursor = tuple[datetime, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedEntry:
    store_id: StoreId
    terminal_id: TerminalId
    incarnation: int
    seq: int
    kind: str
    is_set_aside: bool
    findings: tuple[OutcomeFinding, ...]
    received_at: datetime
    occurred_at: datetime
    member_id: str | None
    member_no: str
    name_masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedPage:
    entries: tuple[FlaggedEntry, ...]
    after: str | None


def read_findings(text: str) -> tuple[OutcomeFinding, ...]:
    return _decode_findings(text)


def flagged(session: ReadSession, store_id: StoreId | None, *, after: str | None = None) -> FlaggedPage:
    wanted = (
        select(JournalEntry, Member.member_no, Member.name_masked)
        .join(Member, Member.member_id == JournalEntry.member_id, isouter=True)
        .where(JournalEntry.needs_a_person)
        .order_by(
            JournalEntry.received_at.desc(),
            JournalEntry.terminal_id.desc(),
            JournalEntry.incarnation.desc(),
            JournalEntry.seq.desc(),
        )
        .limit(PAGE_ROWS + 1)
    )
    if store_id is not None:
        wanted = wanted.where(JournalEntry.store_id == store_id)
    if after:
        key = tuple_(JournalEntry.received_at, JournalEntry.terminal_id, JournalEntry.incarnation, JournalEntry.seq)
        wanted = wanted.where(key < tuple_(*_cursor(after)))
    found = session.execute(wanted).all()
    entries = tuple(_entry(row, number or "", name or "") for row, number, name in found[:PAGE_ROWS])
    last = found[PAGE_ROWS - 1][0] if len(found) > PAGE_ROWS else None
    return FlaggedPage(entries=entries, after=None if last is None else _cursor_text(last))


def count_flagged(session: ReadSession, store_id: StoreId | None) -> int:
    """At most `COUNT_MAX`: more than that is simply many."""
    wanted = select(JournalEntry.seq).where(JournalEntry.needs_a_person)
    if store_id is not None:
        wanted = wanted.where(JournalEntry.store_id == store_id)
    return session.execute(select(func.count()).select_from(wanted.limit(COUNT_MAX).subquery())).scalar_one()


def _entry(row: JournalEntry, member_no: str, name_masked: str) -> FlaggedEntry:
    return FlaggedEntry(
        store_id=StoreId(row.store_id),
        terminal_id=TerminalId(row.terminal_id),
        incarnation=row.incarnation,
        seq=row.seq,
        kind=row.kind,
        is_set_aside=row.status == EntryStatus.SET_ASIDE,
        findings=read_findings(row.findings),
        received_at=row.received_at,
        occurred_at=row.occurred_at,
        member_id=row.member_id,
        member_no=member_no,
        name_masked=name_masked,
    )


def _cursor_text(row: JournalEntry) -> str:
    return f"{row.received_at.isoformat()}~{row.terminal_id}~{row.incarnation}~{row.seq}"


def _cursor(text: str) -> Cursor:
    """Raises ValueError for text that `_cursor_text` did not write."""
    at, terminal_id, incarnation, seq = text.split("~")
    received_at = datetime.fromisoformat(at)
    if received_at.tzinfo is None:
        raise ValueError("a cursor's time has a zone")
    return received_at, terminal_id, int(incarnation), int(seq)
