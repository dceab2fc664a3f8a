"""Reads of exceptions: the list by what it was asked for, newest first, by keyset; one of them; and how many are open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Select, func, select, tuple_

from hq_server.database.among import among
from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    ConsoleUser,
    EntryStatus,
    ExceptionRecord,
    ExceptionState,
    JournalEntry,
    Member,
)
from hq_server.exceptions.handling import ExceptionKey
from hq_server.exceptions.kinds import ABOUT_SUSPENSE, RESPONSIBLE, ExceptionKind, Responsible, kinds_of
from stored_value.identity import StoreId, TerminalId, receipt_no
from sync.messages import OutcomeFinding

PAGE_ROWS: Final = 50
COUNT_MAX: Final = 100
CSV_ROWS_MAX: Final = 10_000
_decode_findings = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode
Cursor = tuple[datetime, str, str, str]
Asked = Select[*tuple[Any, ...]]
"""The columns of `_with_names`."""


class Age(StrEnum):
    """Open for longer than this."""

    DAY = "1"
    THREE_DAYS = "3"
    WEEK = "7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is about; None asks for all."""

    store_id: StoreId | None = None
    state: ExceptionState = ExceptionState.OPEN
    kind: ExceptionKind | None = None
    responsible: Responsible | None = None
    older_than: Age | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownException:
    """`entry_kind` is empty when it is about no entry, or one that head office does not hold; `assigned_to` empty while nobody is named."""

    key: ExceptionKey
    kind: ExceptionKind
    responsible: Responsible
    store_id: StoreId
    terminal_id: TerminalId
    incarnation: int
    seq: int | None
    receipt_no: str
    entry_kind: str
    is_set_aside: bool
    findings: tuple[OutcomeFinding, ...]
    raised_at: datetime
    minutes_open: int
    occurred_at: datetime | None
    member_id: str | None
    member_no: str
    name_masked: str
    state: ExceptionState
    assigned_to: str
    assigned_name: str
    resolved_at: datetime | None
    resolved_by: str
    resolution: str

    @property
    def is_about_suspense(self) -> bool:
        return self.key.code in ABOUT_SUSPENSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionsPage:
    rows: tuple[ShownException, ...]
    after: str | None


def read_findings(text: str) -> tuple[OutcomeFinding, ...]:
    return _decode_findings(text)


def exceptions(session: ReadSession, wanted: Wanted, *, now: datetime, after: str | None = None) -> ExceptionsPage:
    """Raises ValueError for a cursor that this function did not write."""
    asked = _asked(wanted, now).limit(PAGE_ROWS + 1)
    if after:
        asked = asked.where(tuple_(*_KEY) < tuple_(*_cursor(after)))
    found = session.execute(asked).all()
    rows = tuple(_shown_with_members(session, found[:PAGE_ROWS], now))
    last = found[PAGE_ROWS - 1][0] if len(found) > PAGE_ROWS else None
    return ExceptionsPage(rows=rows, after=None if last is None else _cursor_text(last))


def exceptions_in_full(session: ReadSession, wanted: Wanted, *, now: datetime) -> Iterator[ShownException]:
    """For a file: at most `CSV_ROWS_MAX`."""
    yield from _shown_with_members(session, session.execute(_asked(wanted, now).limit(CSV_ROWS_MAX)).all(), now)


def exception_shown(session: ReadSession, key: ExceptionKey, *, now: datetime) -> ShownException | None:
    found = session.execute(
        _with_names().where(
            ExceptionRecord.store_id == key.store_id,
            ExceptionRecord.subject == key.subject,
            ExceptionRecord.code == key.code,
        )
    ).all()
    return next(_shown_with_members(session, found, now), None)


def of_entry(session: ReadSession, store_id: str, subject: str, *, now: datetime) -> tuple[ShownException, ...]:
    """All exceptions of one entry, also settled ones."""
    found = session.execute(
        _with_names()
        .where(ExceptionRecord.store_id == store_id, ExceptionRecord.subject == subject)
        .order_by(ExceptionRecord.code)
    ).all()
    return tuple(_shown_with_members(session, found, now))


def count_open(session: ReadSession, store_id: StoreId | None) -> int:
    """At most `COUNT_MAX`: more than that is simply many."""
    wanted = select(ExceptionRecord.subject).where(ExceptionRecord.state == ExceptionState.OPEN)
    if store_id is not None:
        wanted = wanted.where(ExceptionRecord.store_id == store_id)
    return session.execute(select(func.count()).select_from(wanted.limit(COUNT_MAX).subquery())).scalar_one()


def people_for(session: ReadSession, store_id: str) -> tuple[ConsoleUser, ...]:
    """Who may be named to look at an exception of this store."""
    found = session.scalars(select(ConsoleUser).where(ConsoleUser.active).order_by(ConsoleUser.name))
    return tuple(each for each in found if each.store_id in {None, store_id})


_KEY: Final = (
    ExceptionRecord.raised_at,
    ExceptionRecord.store_id,
    ExceptionRecord.subject,
    ExceptionRecord.code,
)


def _with_names() -> Asked:
    entry = (
        (JournalEntry.store_id == ExceptionRecord.store_id)
        & (JournalEntry.terminal_id == ExceptionRecord.terminal_id)
        & (JournalEntry.incarnation == ExceptionRecord.incarnation)
        & (JournalEntry.seq == ExceptionRecord.seq)
    )
    columns: Asked = select(
        ExceptionRecord,
        JournalEntry.kind,
        JournalEntry.status,
        JournalEntry.occurred_at,
        ConsoleUser.name,
    )
    return columns.join(JournalEntry, entry, isouter=True).join(
        ConsoleUser, ConsoleUser.login == ExceptionRecord.assigned_to, isouter=True
    )


def _asked(wanted: Wanted, now: datetime) -> Asked:
    asked = _with_names().where(ExceptionRecord.state == wanted.state)
    if wanted.store_id is not None:
        asked = asked.where(ExceptionRecord.store_id == wanted.store_id)
    if wanted.kind is not None:
        asked = asked.where(ExceptionRecord.kind == wanted.kind)
    if wanted.responsible is not None:
        asked = asked.where(ExceptionRecord.kind.in_(kinds_of(wanted.responsible)))
    if wanted.older_than is not None:
        asked = asked.where(ExceptionRecord.raised_at < now - timedelta(days=int(wanted.older_than)))
    return asked.order_by(*(column.desc() for column in _KEY))


def _shown_with_members(session: ReadSession, found: Sequence[Any], now: datetime) -> Iterator[ShownException]:
    """Members are placed elsewhere than a store's exceptions, so they are not joined."""
    wanted = sorted({member_id for row in found if (member_id := row[0].member_id)})
    asked = select(Member.member_id, Member.member_no, Member.name_masked).where(among(Member.member_id, wanted))
    members = {row.member_id: (row.member_no, row.name_masked) for row in session.execute(asked)} if wanted else {}
    return (_shown(row, members.get(row[0].member_id, ("", "")), now) for row in found)


def _shown(row: Any, member: tuple[str, str], now: datetime) -> ShownException:
    held, kind, status, occurred_at, assigned_name = row
    sort = ExceptionKind(held.kind)
    return ShownException(
        key=ExceptionKey(held.store_id, held.subject, held.code),
        kind=sort,
        responsible=RESPONSIBLE[sort],
        store_id=StoreId(held.store_id),
        terminal_id=TerminalId(held.terminal_id),
        incarnation=held.incarnation,
        seq=held.seq,
        receipt_no=receipt_no(StoreId(held.store_id), TerminalId(held.terminal_id), held.seq) if kind else "",
        entry_kind=kind or "",
        is_set_aside=status == EntryStatus.SET_ASIDE,
        findings=read_findings(held.findings),
        raised_at=held.raised_at,
        minutes_open=max(0, int(((held.resolved_at or now) - held.raised_at).total_seconds())) // 60,
        occurred_at=occurred_at,
        member_id=held.member_id,
        member_no=member[0],
        name_masked=member[1],
        state=ExceptionState(held.state),
        assigned_to=held.assigned_to or "",
        assigned_name=assigned_name or held.assigned_to or "",
        resolved_at=held.resolved_at,
        resolved_by=held.resolved_by or "",
        resolution=held.resolution,
    )


def _cursor_text(row: ExceptionRecord) -> str:
    return f"{row.raised_at.isoformat()}|{row.store_id}|{row.subject}|{row.code}"


def _cursor(text: str) -> Cursor:
    """Raises ValueError for text that `_cursor_text` did not write."""
    at, store_id, subject, code = text.split("|")
    raised_at = datetime.fromisoformat(at)
    if raised_at.tzinfo is None:
        raise ValueError("a cursor's time has a zone")
    return raised_at, store_id, subject, code
