"""Reads for taking over a dead till: what head office holds of it and keeps for it, who asks, and which leave was given before."""

from dataclasses import dataclass
from datetime import datetime

from hq_server.console.exceptions.reads import read_findings
from hq_server.console.tills.reads import TillLine, till
from hq_server.database.engine import ReadSession
from hq_server.database.models import ExceptionRecord, RecoveryApproval
from hq_server.exceptions.handling import open_about
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.recovery.approvals import approvals_of
from hq_server.reservations.by_till import KeptSum, kept_sum
from hq_server.reservations.silence import Till


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A till's asking for leave. `copy_through` is what the technician's copy holds, `has_own_key` whether the dead till's own key is with it."""

    rescuer: str
    technician: str
    copy_through: int
    has_own_key: bool
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Given before; `rescuer` is empty while nobody has used it."""

    approval_id: str
    approved_by: str
    created_at: datetime
    expires_at: datetime
    rescuer: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    till: TillLine
    kept: KeptSum
    asks: tuple[Ask, ...]
    leaves: tuple[Leave, ...]


def takeover(session: ReadSession, terminal_id: str, *, now: datetime) -> Takeover | None:
    line = till(session, terminal_id, now=now)
    if line is None:
        return None
    return Takeover(
        till=line,
        kept=kept_sum(session, Till(line.store_id, line.terminal_id)),
        asks=tuple(map(_ask, open_about(session, ExceptionCode.RECOVERY_ASKED, terminal_id))),
        leaves=tuple(_leave(each, now) for each in approvals_of(session, terminal_id)),
    )


def _ask(row: ExceptionRecord) -> Ask:
    data = read_findings(row.findings)[0].data
    return Ask(
        rescuer=str(data["by"]),
        technician=str(data["technician"]),
        copy_through=int(data["copy_through"]),
        has_own_key="own_key" in data,
        asked_at=row.raised_at,
    )


def _leave(row: RecoveryApproval, now: datetime) -> Leave:
    return Leave(
        approval_id=row.code_hash,
        approved_by=row.approved_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        rescuer=row.rescuer,
        holds=row.expires_at > now,
    )
