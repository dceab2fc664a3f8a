"""Reads of the tills: their standing, when HQ last heard of each, and how far it holds each journal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import UNCLAIMED, EnrolmentCode, Terminal
from stored_value.identity import StoreId, TerminalId
from sync.versions import Standing, standing_of

FRESH: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unspoken:
    """A till that is refused for its protocol, or somebody who says that he is it."""

    is_too_old: bool
    protocol: str
    since: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TillLine:
    """`minutes_ago` is None for a till that never came; `unspoken`: head office does not speak its protocol;
    `awaits_copy`: another copy was taken over and has not come yet. As told with its last session: `waiting`
    entries of its journal that have not come since (None: an older till, which does not say), `printer` and its `print_jobs`, and how far its clock was ahead."""

    store_id: StoreId
    terminal_id: TerminalId
    incarnation: int
    status: str
    status_reason: str
    accepted_seq: int
    head_hash: str
    last_seen_at: datetime | None
    last_occurred_at: datetime | None
    enrolled_at: datetime
    machine: str
    version: str
    minutes_ago: int | None
    in_another_machine: bool
    given_up_at: datetime | None
    unspoken: Unspoken | None
    awaits_copy: bool
    waiting: int | None
    printer: str
    print_jobs: int
    clock_off_s: int | None

    @property
    def is_fresh(self) -> bool:
        return self.minutes_ago is not None and timedelta(minutes=self.minutes_ago) < FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCode:
    terminal_id: TerminalId
    store_id: StoreId
    expires_at: datetime


def tills(session: ReadSession, store_id: StoreId | None, *, now: datetime) -> tuple[TillLine, ...]:
    wanted = select(Terminal).order_by(Terminal.store_id, Terminal.terminal_id)
    if store_id is not None:
        wanted = wanted.where(Terminal.store_id == store_id)
    return tuple(_line(row, now) for row in session.scalars(wanted))


def till(session: ReadSession, terminal_id: str, *, now: datetime) -> TillLine | None:
    row = session.scalars(select(Terminal).where(Terminal.terminal_id == terminal_id)).one_or_none()
    return None if row is None else _line(row, now)


def open_codes(session: ReadSession, store_id: StoreId | None, *, now: datetime) -> tuple[OpenCode, ...]:
    """Codes that a till can still use; the code itself is stored nowhere."""
    wanted = (
        select(EnrolmentCode)
        .where(EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
        .order_by(EnrolmentCode.terminal_id)
    )
    if store_id is not None:
        wanted = wanted.where(EnrolmentCode.store_id == store_id)
    return tuple(
        OpenCode(terminal_id=TerminalId(row.terminal_id), store_id=StoreId(row.store_id), expires_at=row.expires_at)
        for row in session.scalars(wanted)
    )


def _line(row: Terminal, now: datetime) -> TillLine:
    ago = None if row.last_seen_at is None else max(0, int((now - row.last_seen_at).total_seconds())) // 60
    return TillLine(
        store_id=StoreId(row.store_id),
        terminal_id=TerminalId(row.terminal_id),
        incarnation=row.incarnation,
        status=row.status,
        status_reason=row.status_reason,
        accepted_seq=row.accepted_seq,
        head_hash=row.head_hash,
        last_seen_at=row.last_seen_at,
        last_occurred_at=row.last_occurred_at,
        enrolled_at=row.enrolled_at,
        machine=row.machine,
        version=row.version,
        minutes_ago=ago,
        in_another_machine=bool(row.machine_seen),
        given_up_at=row.given_up_at,
        unspoken=_unspoken(row),
        awaits_copy=row.branch_from == UNCLAIMED,
        waiting=max(0, row.told_head - row.accepted_seq) if row.printer else None,
        printer=row.printer,
        print_jobs=row.print_jobs,
        clock_off_s=row.clock_off_s,
    )


def _unspoken(row: Terminal) -> Unspoken | None:
    """Not once head office has been updated and speaks it."""
    standing = standing_of(row.unspoken_protocol)
    if row.unspoken_since is None or row.unspoken_at is None or standing is Standing.SPOKEN:
        return None
    return Unspoken(
        is_too_old=standing is Standing.TOO_OLD,
        protocol=row.unspoken_protocol,
        since=row.unspoken_since,
        last_at=row.unspoken_at,
    )
