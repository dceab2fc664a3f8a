"""Owns the figure of what could be lost to offline spending now, by till and in all (L5), and what is outstanding beside it. Reads only; called by the console.

Worst case of a till = its risk allowance between two reports, while the allowance is on, whether or not the till was heard lately: what a silent till took is known
from its report alone. Plus, after a restore and until the till has reported, the most that it may have been leased and head office forgot: members that its store knows times
the policy's lease, never more than those members hold. Leases and holds that are known are kept from everybody else and add nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    ReservationRecord,
    ReservationState,
    ScopeMember,
    Terminal,
    TerminalStatus,
    WalletRecord,
)
from hq_server.feed.publishing import current_epoch
from stored_value.identity import StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.reservation_records import ReservationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """Reservations of one kind at one till as they were granted, how many, and since when the oldest."""

    amount_minor: int = 0
    count: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillExposure:
    """`heard_at` is the last word of the till, `reported_at` its last report that closed anything or nothing."""

    store_id: StoreId
    terminal_id: TerminalId
    status: str
    heard_at: datetime | None
    reported_at: datetime | None
    risk_minor: int
    silent_minor: int
    leased: Outstanding
    held: Outstanding

    @property
    def worst_minor(self) -> int:
        return self.risk_minor + self.silent_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    policy: OfflinePolicy
    tills: tuple[TillExposure, ...]

    @property
    def worst_minor(self) -> int:
        return sum(till.worst_minor for till in self.tills)

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


def exposure(session: ReadSession, policy: OfflinePolicy, *, store_id: StoreId | None = None) -> Exposure:
    """Of one store's tills, or of all. A revoked till has none: revoking it was the decision not to wait for it."""
    epoch = current_epoch(session)
    wanted = select(Terminal).order_by(Terminal.store_id, Terminal.terminal_id)
    if store_id is not None:
        wanted = wanted.where(Terminal.store_id == store_id)
    rows = session.scalars(wanted.where(Terminal.status != TerminalStatus.REVOKED)).all()
    outstanding = _outstanding(session, store_id)
    forgotten = {
        silent: _most_forgotten(session, silent, policy.leases)
        for silent in {row.store_id for row in rows if row.reported_epoch != epoch}
    }
    tills = tuple(_till(row, policy, outstanding, forgotten.get(row.store_id, 0), epoch) for row in rows)
    return Exposure(policy=policy, tills=tills)


def risk_of_a_till(risk: RiskAllowance) -> int:
    """Nothing when any of its limits is 0: then no payment passes."""
    on = risk.payment_minor and risk.member_minor and risk.hours
    return risk.till_minor if on else 0


def _till(
    row: Terminal,
    policy: OfflinePolicy,
    outstanding: Mapping[tuple[str, str], Outstanding],
    forgotten_minor: int,
    epoch: str,
) -> TillExposure:
    none = Outstanding()
    return TillExposure(
        store_id=StoreId(row.store_id),
        terminal_id=TerminalId(row.terminal_id),
        status=row.status,
        heard_at=max((at for at in (row.last_seen_at, row.last_live_at) if at is not None), default=None),
        reported_at=row.reported_at,
        risk_minor=risk_of_a_till(policy.risk),
        silent_minor=forgotten_minor if row.reported_epoch != epoch else 0,
        leased=outstanding.get((row.terminal_id, ReservationKind.LEASE), none),
        held=outstanding.get((row.terminal_id, ReservationKind.HOLD), none),
    )


def _outstanding(session: ReadSession, store_id: StoreId | None) -> dict[tuple[str, str], Outstanding]:
    wanted = (
        select(
            ReservationRecord.terminal_id,
            ReservationRecord.kind,
            func.sum(ReservationRecord.amount_minor),
            func.count(),
            func.min(ReservationRecord.granted_at),
        )
        .where(ReservationRecord.state == ReservationState.OPEN)
        .group_by(ReservationRecord.terminal_id, ReservationRecord.kind)
    )
    if store_id is not None:
        wanted = wanted.where(ReservationRecord.store_id == store_id)
    return {
        (terminal_id, kind): Outstanding(amount_minor=int(amount), count=count, oldest_at=oldest)
        for terminal_id, kind, amount, count, oldest in session.execute(wanted)
    }


def _most_forgotten(session: ReadSession, store_id: str, policy: LeasePolicy) -> int:
    if not policy.tills_max:
        return 0
    members, held = session.execute(
        select(func.count(), func.sum(WalletRecord.principal_minor + WalletRecord.bonus_minor))
        .select_from(ScopeMember)
        .join(WalletRecord, WalletRecord.member_id == ScopeMember.member_id)
        .where(ScopeMember.store_id == store_id)
    ).one()
    return min(members * policy.amount_minor, int(held or 0))
