"""Owns what a till's report closes (H2): of its own reservations, those at or below the watermarks that it may no longer use. Time closes nothing (L5).

Called by ingest in the unit of work of the push, after its entries were applied and only when head office holds every entry up to the report's head. What an offline
top-up kept was made by an entry and ends by one: such leases are named to the caller, for `reported` to give back.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import bindparam, or_, select, update

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import JournalEntry, ReservationRecord, ReservationState
from hq_server.database.prepared import Prepared, PreparedChange
from hq_server.ingest.understanding import ID_SHAPE
from hq_server.own_journal.place import business_day
from hq_server.reservations.settling import close_records
from hq_server.terminals.rows import TerminalRow
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from stored_value.identity import MemberId
from stored_value.merging import sweep_is_due
from stored_value.reservation_records import ReservationId, ReservationKind
from stored_value.reservations import committed, without_reservations
from sync.hole import HOLE_KIND
from sync.messages import SignedHead
from sync.unreadable import UNREADABLE_KIND, members_named

logger = logging.getLogger(__name__)
_SHOWN: Final = (
    ReservationRecord.reservation_id,
    ReservationRecord.member_id,
    ReservationRecord.kind,
    ReservationRecord.epoch,
    ReservationRecord.incarnation,
    ReservationRecord.number,
    ReservationRecord.granted_at,
)
_OPEN: Final = Prepared(
    select(*_SHOWN).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        or_(
            ReservationRecord.incarnation == bindparam("incarnation"),
            ReservationRecord.kind == ReservationKind.HOLD,
        ),
        ReservationRecord.state == ReservationState.OPEN,
    )
)
_AT_LARGE: Final = Prepared(
    select(*_SHOWN).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        ReservationRecord.at_large,
    )
)
_CAUGHT: Final = PreparedChange(
    update(ReservationRecord)
    .where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        among_given(ReservationRecord.reservation_id, "ids"),
    )
    .values(at_large=False)
)


class _Open(NamedTuple):
    """A reservation that nothing has closed, or that was written off while its till may use it."""

    reservation_id: str
    member_id: str
    kind: str
    epoch: str
    incarnation: int
    number: int
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A head that is one, made in `epoch`."""

    head: SignedHead
    epoch: str

    def is_known(self, terminal: TerminalRow) -> bool:
        """Whether just this one was heeded last: its reply was lost."""
        return terminal.report_signature == self.head.signature and terminal.reported_epoch == self.epoch


def grants_counted(terminal: TerminalRow, epoch: str) -> int:
    """Grants are counted anew in each epoch (H1)."""
    return terminal.grant_counter if terminal.grant_epoch == epoch else 0


@dataclass(frozen=True, slots=True)
class KeptTopUp:
    """A lease of an offline top-up that its till uses no more, and has not given back by an entry."""

    member_id: MemberId
    lease_id: ReservationId


@dataclass(frozen=True, slots=True)
class Heeded:
    """The members of whom something became free, and what is still to be given back in their name."""

    freed: frozenset[MemberId] = frozenset()
    top_ups: tuple[KeptTopUp, ...] = ()


def members_of(session: ReadSession, terminal: TerminalRow, report: Report) -> frozenset[str]:
    """Whose wallets `heed` may change. Their locks must be taken together with those of the push's entries, in one order: two tills' reports would wait for each other else."""
    return frozenset(row.member_id for row in _open_of(session, terminal) if _is_over(row, report))


def heed(session: WriteSession, terminal: TerminalRow, report: Report, stamp: Stamp) -> Heeded:
    """Closes and moves the watermarks. The terminal's row is locked, and the wallets of `members_of`."""
    head, epoch = report.head, report.epoch
    counted = grants_counted(terminal, epoch)
    if head.grant_watermark > counted:
        logger.error(
            "a till has seen grants that head office did not make", extra={"terminal_id": terminal.terminal_id}
        )
        return Heeded()
    heeded = _close(session, terminal, report, stamp)
    _catch(session, terminal, report)
    if terminal.grant_epoch != epoch:
        terminal.grant_epoch, terminal.grant_counter, terminal.grants_closed_through = epoch, 0, 0
    terminal.grants_closed_through = max(terminal.grants_closed_through, head.grant_watermark)
    terminal.requests_closed_through = max(terminal.requests_closed_through, head.request_watermark)
    terminal.reported_at, terminal.reported_epoch = stamp.at, epoch
    terminal.branch_open = False
    # Until everything is given back the same report is heeded again.
    terminal.report_signature = "" if heeded.top_ups else head.signature
    return heeded


def _close(session: WriteSession, terminal: TerminalRow, report: Report, stamp: Stamp) -> Heeded:
    done = [row for row in _open_of(session, terminal) if _is_over(row, report)]
    if done and terminal.hole_seq:
        done = _without_lost(session, terminal, done)
    if not done:
        return Heeded()
    top_ups = tuple(
        KeptTopUp(MemberId(row.member_id), ReservationId(row.reservation_id)) for row in done if _is_top_up(row)
    )
    done = [row for row in done if not _is_top_up(row)]
    by_member: defaultdict[str, list[ReservationId]] = defaultdict(list)
    for row in done:
        by_member[row.member_id].append(ReservationId(row.reservation_id))
    for member_id in sorted(by_member):
        wallet = locked_wallet(session, member_id)
        if wallet is None:
            continue
        left = without_reservations(wallet, by_member[member_id])
        waited = bool(committed(wallet, business_day(stamp.at))) or sweep_is_due(left)
        put_wallet(session, left, stamp, due=waited)
    ids = [row.reservation_id for row in done]
    close_records(session, terminal.store_id, terminal.terminal_id, ids, ReservationState.RELEASED, at=stamp.at)
    return Heeded(frozenset(MemberId(member_id) for member_id in by_member), top_ups)


def _catch(session: WriteSession, terminal: TerminalRow, report: Report) -> None:
    """What was written off and the till says that it may not use: it is at large no more. Of an earlier life of the till nothing more comes once the new one has reported."""
    found = _AT_LARGE.rows(session, store=terminal.store_id, terminal=terminal.terminal_id)
    caught = [
        row.reservation_id
        for row in (_Open(*each) for each in found)
        if row.incarnation < report.head.incarnation or _is_over(row, report)
    ]
    if caught:
        _CAUGHT.run(session, store=terminal.store_id, terminal=terminal.terminal_id, ids=caught)


def _without_lost(session: WriteSession, terminal: TerminalRow, done: list[_Open]) -> list[_Open]:
    """An entry declared lost, or whose header cannot be read, may have used what was granted before it: of its member, of any member when nobody knows whose it was.
    That waits for a person (H7)."""
    found = session.execute(
        select(JournalEntry.raw, JournalEntry.received_at).where(
            JournalEntry.store_id == terminal.store_id,
            JournalEntry.terminal_id == terminal.terminal_id,
            JournalEntry.incarnation == terminal.incarnation,
            JournalEntry.kind.in_((HOLE_KIND, UNREADABLE_KIND)),
            JournalEntry.member_id.is_(None),
        )
    )
    lost = [(_members_of(raw), received_at) for raw, received_at in found]
    return [
        row
        for row in done
        if not any(row.granted_at <= at and (not members or row.member_id in members) for members, at in lost)
    ]


def _members_of(raw: bytes) -> tuple[MemberId, ...]:
    """None when one of them cannot be a member's: then nobody knows."""
    members = members_named(raw)
    return members if all(map(ID_SHAPE.fullmatch, members)) else ()


def _open_of(session: ReadSession, terminal: TerminalRow) -> list[_Open]:
    """A person who took a branch over decided that the other one is over (H6): its holds go with it, which were for payments of that moment. Its leases may be spent in what
    nobody has seen, and wait for a write-off."""
    found = _OPEN.rows(
        session, store=terminal.store_id, terminal=terminal.terminal_id, incarnation=terminal.incarnation
    )
    return [_Open(*row) for row in found]


def _is_over(row: _Open, report: Report) -> bool:
    """A lease of an earlier epoch that the till does not list was never taken, or was given back after the backup was made: it is offered no more."""
    head = report.head
    if row.reservation_id in head.open_reservations:
        return False
    if row.kind == ReservationKind.HOLD:
        return row.incarnation < head.incarnation or row.number <= head.request_watermark
    return _is_top_up(row) or row.epoch != report.epoch or row.number <= head.grant_watermark


def _is_top_up(row: _Open) -> bool:
    return row.kind == ReservationKind.LEASE and row.number == 0
