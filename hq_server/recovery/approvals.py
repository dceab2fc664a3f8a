"""Owns the leave that a named person gives to take over a dead till: a code, kept only as a hash, good for one rescuing till and a day.

Called by the command line, the console and the taking in of a recovery; the caller commits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

from sqlalchemy import select

from hq_server.audit.log import record
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import RecoveryApproval, Terminal
from hq_server.enrolment.codes import CODE_LIFE, code_hash, new_code
from stored_value.identity import StoreId, TerminalId


class TerminalUnknown(Exception):
    """There is no such till."""


class ApprovalRefused(Exception):
    """`code`: code_unknown | code_used | code_expired | not_permitted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApproval:
    """`code` is shown once and stored nowhere."""

    code: str
    store_id: StoreId
    terminal_id: TerminalId
    expires_at: datetime


def approve(
    session: WriteSession,
    terminal_id: TerminalId,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    random: Callable[[int], bytes] = token_bytes,
) -> NewApproval:
    """Raises `TerminalUnknown`. Nothing happens to the till before the code is used."""
    store_id = session.scalar(select(Terminal.store_id).where(Terminal.terminal_id == terminal_id))
    if store_id is None:
        raise TerminalUnknown(f"there is no till {terminal_id}")
    code = new_code(random)
    expires_at = now + CODE_LIFE
    session.add(
        RecoveryApproval(
            code_hash=_hash(code),
            store_id=store_id,
            terminal_id=terminal_id,
            approved_by=by,
            created_at=now,
            expires_at=expires_at,
        )
    )
    record(session, actor=by, action="recovery_approved", subject=terminal_id, data=_why(reason), now=now)
    return NewApproval(code=code, store_id=StoreId(store_id), terminal_id=terminal_id, expires_at=expires_at)


def approval_of(
    session: ReadSession, code: str, terminal_id: str, rescuer_store: StoreId, rescuer: TerminalId, *, now: datetime
) -> RecoveryApproval:
    """The leave that lets this rescuer do it. Raises `ApprovalRefused`."""
    approval = session.get(RecoveryApproval, _hash(code))
    if approval is None or approval.terminal_id != terminal_id:
        raise ApprovalRefused("code_unknown", f"head office gave no such code for {terminal_id[:24]}")
    if approval.store_id != rescuer_store:
        raise ApprovalRefused(
            "not_permitted", f"a till of {approval.store_id} is taken over by a till of {approval.store_id}"
        )
    if approval.rescuer not in ("", rescuer):
        raise ApprovalRefused("code_used", f"{approval.rescuer} took over {terminal_id} with this code")
    if rescuer == terminal_id:
        raise ApprovalRefused("not_permitted", "a till that works pushes its own journal")
    if now >= approval.expires_at:
        raise ApprovalRefused("code_expired", "this code is too old; ask head office for a new one")
    return approval


def approvals_of(session: ReadSession, terminal_id: str) -> Sequence[RecoveryApproval]:
    """Newest first, also those that are over."""
    return session.scalars(
        select(RecoveryApproval)
        .where(RecoveryApproval.terminal_id == terminal_id)
        .order_by(RecoveryApproval.created_at.desc())
    ).all()


def withdraw(session: WriteSession, approval_id: str, terminal_id: str, reason: str, *, by: str, now: datetime) -> bool:
    """Ends it now: whoever has the code takes nothing more over with it. False when there is none that still holds. `approval_id` is its code's hash."""
    approval = session.get(RecoveryApproval, approval_id, with_for_update=True)
    if approval is None or approval.terminal_id != terminal_id or approval.expires_at <= now:
        return False
    approval.expires_at = now
    record(session, actor=by, action="recovery_withdrawn", subject=terminal_id, data=_why(reason), now=now)
    return True


def _why(reason: str) -> dict[str, str] | None:
    return {"reason": reason} if reason else None


def _hash(code: str) -> str:
    """Never that of an enrolment code."""
    return code_hash(f"recovery{code}")
