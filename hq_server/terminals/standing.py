"""Owns stopping a till, letting it go on, confirming its machine, revoking it, and giving a revoked one up. Called by the console and by recoveries; the caller commits.

Ingest stops a till by itself when its journal forks or breaks.

A stopped till sells on by its own rules until it next speaks to HQ, which then takes nothing from it; its entries wait and are not lost.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update

from hq_server.database.engine import WriteSession
from hq_server.database.models import ReservationRecord, ReservationState, Terminal, TerminalStatus
from hq_server.keys.generations import move_on
from stored_value.identity import StoreId, TerminalId
from stored_value.reservation_records import ReservationKind
from sync.messages import GLOBAL_SCOPE

REASON_CHARS_MAX = 200


class Standing(StrEnum):
    """What became of the request."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"
    REASON_MISSING = "reason_missing"


def locked_terminal(session: WriteSession, terminal_id: str) -> Terminal | None:
    """The till's row, until the commit. Its store is looked up first: a lock names where the row lies."""
    store_id = session.scalar(select(Terminal.store_id).where(Terminal.terminal_id == terminal_id))
    return None if store_id is None else session.get(Terminal, (store_id, terminal_id), with_for_update=True)


def stop(session: WriteSession, terminal_id: TerminalId, reason: str) -> Standing:
    return _change(session, terminal_id, TerminalStatus.ACTIVE, TerminalStatus.STOPPED, reason[:REASON_CHARS_MAX])


def allow_again(session: WriteSession, terminal_id: TerminalId) -> Standing:
    """Only a stopped one; revoked is for ever. A till whose journal forked is stopped again at its next push. Whoever lets it go on has seen to it that no copy of its disk
    is in use."""
    changed = _change(session, terminal_id, TerminalStatus.STOPPED, TerminalStatus.ACTIVE, "")
    if changed is Standing.CHANGED:
        _end_requests(session, session.scalars(select(Terminal).where(Terminal.terminal_id == terminal_id)).one())
    return changed


def confirm_machine(session: WriteSession, terminal_id: TerminalId) -> Standing:
    """The machine that the till came from last is the one that it is known by from now on."""
    terminal = locked_terminal(session, terminal_id)
    if terminal is None:
        return Standing.UNKNOWN
    if not terminal.machine_seen:
        return Standing.UNCHANGED
    terminal.machine_mark, terminal.machine_seen = terminal.machine_seen, ""
    _end_requests(session, terminal)
    return Standing.CHANGED


def _end_requests(session: WriteSession, terminal: Terminal) -> None:
    """What another machine has asked for comes to nothing (H6): the till counts its requests past that, and its next report releases what it may not use itself."""
    asked = session.scalar(
        select(func.max(ReservationRecord.number)).where(
            ReservationRecord.store_id == terminal.store_id,
            ReservationRecord.terminal_id == terminal.terminal_id,
            ReservationRecord.kind == ReservationKind.HOLD,
            ReservationRecord.state == ReservationState.OPEN,
        )
    )
    terminal.requests_closed_through = max(terminal.requests_closed_through, asked or 0)


def revoke(session: WriteSession, terminal_id: TerminalId, reason: str) -> Standing:
    """For ever. The keys of the scopes that it read move on, so that nothing sealed from now on opens for it (H14)."""
    terminal = locked_terminal(session, terminal_id)
    if terminal is None:
        return Standing.UNKNOWN
    if terminal.status == TerminalStatus.REVOKED:
        return Standing.UNCHANGED
    terminal.status, terminal.status_reason = TerminalStatus.REVOKED, reason[:REASON_CHARS_MAX]
    move_on(session, (GLOBAL_SCOPE, terminal.store_id))
    return Standing.CHANGED


def give_up(session: WriteSession, terminal_id: TerminalId, reason: str, *, now: datetime) -> Standing:
    """Nothing more is awaited of a revoked till: what it took at risk counts no longer. What a recovery brings later all the same is taken in as ever (L2).
    Not without a reason, which the caller audits."""
    if not reason.strip():
        return Standing.REASON_MISSING
    terminal = locked_terminal(session, terminal_id)
    if terminal is None:
        return Standing.UNKNOWN
    if terminal.status != TerminalStatus.REVOKED or terminal.given_up_at is not None:
        return Standing.UNCHANGED
    terminal.given_up_at = now
    return Standing.CHANGED


def _change(
    session: WriteSession, terminal_id: TerminalId, before: TerminalStatus, after: TerminalStatus, reason: str
) -> Standing:
    store_id = session.scalar(select(Terminal.store_id).where(Terminal.terminal_id == terminal_id))
    if store_id is None:
        return Standing.UNKNOWN
    changed = session.execute(
        update(Terminal)
        .where(Terminal.store_id == StoreId(store_id), Terminal.terminal_id == terminal_id, Terminal.status == before)
        .values(status=after, status_reason=reason)
        .returning(Terminal.terminal_id)
        .execution_options(synchronize_session=False)
    ).first()
    return Standing.CHANGED if changed else Standing.UNCHANGED
