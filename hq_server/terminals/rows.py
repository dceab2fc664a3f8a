"""Owns a terminal's row as tills' calls read it and change it: by statements that stay, what was changed written once. What people do to a till (`standing`) uses the model.

Hold a till's row before any wallet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, select, update

from hq_server.database.engine import Reading, WriteSession
from hq_server.database.models import Terminal
from hq_server.database.prepared import Prepared, PreparedChange


@dataclass(slots=True)
class TerminalRow:
    """Those columns of `database.models.Terminal`, which says what they mean, that tills' calls use."""

    store_id: str
    terminal_id: str
    incarnation: int
    public_key: str
    status: str
    status_reason: str
    accepted_seq: int
    head_hash: str
    last_occurred_at: datetime | None
    anchor_seen: bytes | None
    version: str
    enrolled_at: datetime
    last_seen_at: datetime | None
    grant_epoch: str
    grant_counter: int
    grants_closed_through: int
    requests_closed_through: int
    reported_epoch: str
    reported_at: datetime | None
    report_signature: str
    risk_taken: str
    knows_holds: bool
    hole_seq: int
    machine_mark: str
    machine_seen: str
    branch_from: int
    branch_hash: str
    branch_open: bool
    unspoken_protocol: str
    unspoken_since: datetime | None
    unspoken_at: datetime | None
    told_head: int
    printer: str
    print_jobs: int
    clock_off_s: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """A row with what it said when it was read."""

    row: TerminalRow
    before: tuple[Any, ...]


_NAMES: Final = tuple(each.name for each in fields(TerminalRow))


def _columns() -> Select[*tuple[Any, ...]]:
    return select(*(Terminal.__table__.c[name] for name in _NAMES))


_NAMED: Final = _columns().where(Terminal.store_id == bindparam("store"), Terminal.terminal_id == bindparam("terminal"))
_READ: Final = Prepared(_NAMED)
_HOLD: Final = Prepared(_NAMED.with_for_update())
_BY_ID: Final = Prepared(_columns().where(Terminal.terminal_id == bindparam("terminal")))


def read_terminal(session: Reading, store_id: str, terminal_id: str) -> TerminalRow | None:
    found = _READ.row(session, store=store_id, terminal=terminal_id)
    return TerminalRow(*found) if found else None


def hold_terminal(session: WriteSession, store_id: str, terminal_id: str) -> Held:
    """Of a till that exists: locked until the commit."""
    [found] = _HOLD.rows(session, store=store_id, terminal=terminal_id)
    return Held(TerminalRow(*found), found)


def terminal_by_id(session: Reading, terminal_id: str) -> Held | None:
    """Not locked: whoever changes it writes only what he knows to be his."""
    found = _BY_ID.row(session, terminal=terminal_id)
    return Held(TerminalRow(*found), found) if found else None


def write_terminal(session: WriteSession, held: Held) -> None:
    """What has changed since it was read, and nothing else."""
    changed = dict(_changes(held))
    if changed:
        _writing(tuple(changed)).run(session, store=held.row.store_id, terminal=held.row.terminal_id, **changed)


def _changes(held: Held) -> Iterator[tuple[str, Any]]:
    for name, before in zip(_NAMES, held.before, strict=True):
        now = getattr(held.row, name)
        if now != before:
            yield f"new_{name}", now


@cache
def _writing(changed: tuple[str, ...]) -> PreparedChange:
    return PreparedChange(
        update(Terminal)
        .where(Terminal.store_id == bindparam("store"), Terminal.terminal_id == bindparam("terminal"))
        .values({name.removeprefix("new_"): bindparam(name) for name in changed})
    )
