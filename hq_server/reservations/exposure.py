"""Owns the figure of what could be lost to offline spending now, by till and in all (L5), and what is outstanding beside it. Reads only; called by the console and by the watch.

Worst case of a till = its risk allowance (`allowances`), heard lately or not: what a till took since its last report is known from its next one alone
                     + what was written off while the till may still spend it
                     , and for a till of which there may be two machines the allowance twice, and its leases once more
                     , and for a branch that was taken over and has not reported what the other copy of its disk could use as well.
Worst case in all    = those added up + what head office forgot when it was restored, until every till has reported: payments that it does not know of may be made again, so
                     whatever the members hold by its own books counts, once for all tills
                     + what tills keep of members who do not have it any more (`gone`), until it is back.
Other leases and holds that are known are kept from everybody else and add nothing. A revoked till may still bring, by a recovery, what it took: it counts until a person gives it
up.
Not in it: what a till takes whose program knows no holds, which is told with the till; more than two machines of one till, a copy that nobody has noticed, what a copy used of
leases that have run out, until it shows where it parted, and a rulebook that head office forgot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    UNCLAIMED,
    ReservationRecord,
    ReservationState,
    ScopeMember,
    Terminal,
    TerminalStatus,
    WalletRecord,
)
from hq_server.feed.publishing import current_epoch
from hq_server.ingest.other_copy import shared_minor
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.reservations.allowances import allowances
from hq_server.reservations.gone import gone_in_all
from stored_value.identity import StoreId, TerminalId
from stored_value.offline_policy import OfflinePolicy
from stored_value.reservation_records import ReservationKind

_MACHINES_IN_DOUBT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """Reservations of one kind at one till as they were granted, how many, and since when the oldest."""

    amount_minor: int = 0
    count: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillExposure:
    """`heard_at` is the last word of the till, `reported_at` its last report that closed anything or nothing; `silent`: none since head office was restored.
    `unjudged`: its program knows no holds, so no
    payment of it is judged and no figure bounds it. `risk_minor` is one machine's allowance, of which there may be so many `machines`; `copied_minor` what the second may spend of
    leases, or a branch that was taken over of what it had in common with the other copy."""

    store_id: StoreId
    terminal_id: TerminalId
    status: str
    heard_at: datetime | None
    reported_at: datetime | None
    silent: bool
    unjudged: bool
    machines: int
    risk_minor: int
    copied_minor: int
    written_off: Outstanding
    leased: Outstanding
    held: Outstanding

    @property
    def second_minor(self) -> int:
        """What a second machine adds."""
        return self.risk_minor * (self.machines - 1) + self.copied_minor

    @property
    def worst_minor(self) -> int:
        return self.risk_minor + self.second_minor + self.written_off.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """`forgotten_minor` and `gone_minor` are for all tills together."""

    policy: OfflinePolicy
    tills: tuple[TillExposure, ...]
    forgotten_minor: int
    gone_minor: int

    @property
    def worst_minor(self) -> int:
        return sum(till.worst_minor for till in self.tills) + self.forgotten_minor + self.gone_minor

    @property
    def risk_minor(self) -> int:
        return sum(till.risk_minor for till in self.tills)

    @property
    def second_minor(self) -> int:
        return sum(till.second_minor for till in self.tills)

    @property
    def written_off_minor(self) -> int:
        return sum(till.written_off.amount_minor for till in self.tills)

    @property
    def leased_minor(self) -> int:
        return sum(till.leased.amount_minor for till in self.tills)

    @property
    def held_minor(self) -> int:
        return sum(till.held.amount_minor for till in self.tills)

    @property
    def alert(self) -> bool:
        limit = self.policy.exposure_alert_minor
        return bool(limit) and self.worst_minor > limit


_NOTHING: Final = Outstanding()


@dataclass(frozen=True, slots=True)
class _Kept:
    """Of one till's reservations what counts here; `copied_minor` is what a copy of its disk may use of them as well."""

    leased: Outstanding
    held: Outstanding
    written_off: Outstanding
    copied_minor: int


def exposure(session: ReadSession, rulebooks: Rulebooks, now: datetime, *, store_id: StoreId | None = None) -> Exposure:
    """Of one store's tills, or of all. Of one store, what was forgotten is what those members hold whom it knows."""
    epoch = current_epoch(session)
    wanted = select(Terminal).where(Terminal.given_up_at.is_(None)).order_by(Terminal.store_id, Terminal.terminal_id)
    if store_id is not None:
        wanted = wanted.where(Terminal.store_id == store_id)
    rows = session.scalars(wanted).all()
    risk = allowances(session, rulebooks, rows, [row.terminal_id for row in rows if _machines(row) > 1])
    kept = _kept(session, rows, now)
    tills = tuple(_till(row, risk[row.terminal_id], kept[row.terminal_id], epoch) for row in rows)
    return Exposure(
        policy=rulebooks.in_force(now).offline,
        tills=tills,
        forgotten_minor=_held_by_members(session, store_id) if any(till.silent for till in tills) else 0,
        gone_minor=gone_in_all(session, store_id),
    )


def _machines(row: Terminal) -> int:
    """Two from when something looks like a copy of the till's disk until a person has decided: its machine changed, or it was stopped, as it is when its journal forks."""
    in_doubt = row.machine_seen or row.branch_from == UNCLAIMED or row.status == TerminalStatus.STOPPED
    return _MACHINES_IN_DOUBT if in_doubt else 1


def _till(row: Terminal, risk_minor: int, kept: _Kept, epoch: str) -> TillExposure:
    return TillExposure(
        store_id=StoreId(row.store_id),
        terminal_id=TerminalId(row.terminal_id),
        status=row.status,
        heard_at=max((at for at in (row.last_seen_at, row.last_live_at) if at is not None), default=None),
        reported_at=row.reported_at,
        silent=row.reported_epoch != epoch and row.status != TerminalStatus.REVOKED,
        unjudged=row.last_seen_at is not None and row.reported_at is None and not row.knows_holds,
        machines=_machines(row),
        risk_minor=risk_minor,
        copied_minor=kept.copied_minor,
        written_off=kept.written_off,
        leased=kept.leased,
        held=kept.held,
    )


def _kept(session: ReadSession, tills: Sequence[Terminal], now: datetime) -> dict[str, _Kept]:
    """What a copy may have: every lease that runs, open at head office or not; once it was taken over, what it has in common with the other one."""
    record = ReservationRecord
    is_lease = record.kind == ReservationKind.LEASE
    own = (record.store_id.in_(sorted({till.store_id for till in tills})),)
    doubted = [till.terminal_id for till in tills if _machines(till) > 1]
    is_open = record.state == ReservationState.OPEN
    leased = _sums(session, *own, is_open, is_lease)
    held = _sums(session, *own, is_open, not_(is_lease))
    written_off = _sums(session, *own, and_(record.at_large))
    copied = (
        _sums(session, *own, record.terminal_id.in_(doubted), is_lease, or_(is_open, record.expires_at > now))
        if doubted
        else {}
    )
    taken_over = {
        till.terminal_id: shared_minor(session, till)
        for till in tills
        if till.branch_open and till.branch_from != UNCLAIMED
    }
    return {
        till.terminal_id: _Kept(
            leased=leased.get(till.terminal_id, _NOTHING),
            held=held.get(till.terminal_id, _NOTHING),
            written_off=written_off.get(till.terminal_id, _NOTHING),
            copied_minor=copied.get(till.terminal_id, _NOTHING).amount_minor + taken_over.get(till.terminal_id, 0),
        )
        for till in tills
    }


def _sums(session: ReadSession, *which: ColumnElement[bool]) -> dict[str, Outstanding]:
    record = ReservationRecord
    wanted = (
        select(record.terminal_id, func.sum(record.amount_minor), func.count(), func.min(record.granted_at))
        .where(*which)
        .group_by(record.terminal_id)
    )
    return {
        terminal_id: Outstanding(amount_minor=int(amount), count=count, oldest_at=oldest)
        for terminal_id, amount, count, oldest in session.execute(wanted)
    }


def _held_by_members(session: ReadSession, store_id: StoreId | None) -> int:
    wanted = select(func.sum(WalletRecord.principal_minor + WalletRecord.bonus_minor))
    if store_id is not None:
        wanted = wanted.join(ScopeMember, ScopeMember.member_id == WalletRecord.member_id).where(
            ScopeMember.store_id == store_id
        )
    return int(session.scalar(wanted) or 0)
