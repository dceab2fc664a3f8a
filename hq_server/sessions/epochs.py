"""Owns the epoch (H1): versions, cursors, outcomes and page addresses belong to one; a restored head office starts the next.

Epochs are UUIDv7, so a later one sorts after an earlier one. Feeds of a new epoch are empty: tills drop their replica, take a
snapshot of the new epoch and push again from head office's head. What head office decided by itself since the backup nobody sends again: a person is told, once for each epoch.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from hq_server.database.engine import Reading, ReadSession, WriteSession
from hq_server.database.models import HqState, RulebookVersion
from hq_server.database.prepared import Prepared
from hq_server.exceptions.restored import newest_held, notice_new_epoch
from hq_server.feed.publishing import current_epoch
from stored_value.identity import uuid7

STATE_KEY = "hq"
NUMBERS_LEFT_OUT: Final = 100
"""More rulebooks than anybody publishes between a backup and the day on which it is needed: tills hold them, so the next one after a restore leaves out so many numbers."""
BROUGHT_BACK: Final = "via "
"""`RulebookVersion.published_by` begins with it where a till brought a version back, whose name follows."""
_NEWEST = Prepared(select(func.max(RulebookVersion.version)))


def first_epoch(*, now: datetime, random: Callable[[int], bytes] = token_bytes) -> str:
    return uuid7(now, random(10))


def begin_epoch(
    session: WriteSession,
    replaces: str,
    *,
    seen: str = "",
    now: datetime,
    random: Callable[[int], bytes] = token_bytes,
) -> str:
    """The epoch after `replaces` and after `seen`, which a till told of; when another process was first, its epoch."""
    epoch = uuid7(max(now, _just_after(replaces), _just_after(seen or replaces)), random(10))
    held_until = newest_held(session, replaces)
    session.execute(
        update(HqState)
        .where(HqState.key == STATE_KEY, HqState.epoch == replaces)
        .values(epoch=epoch, epoch_began_at=now)
        .execution_options(synchronize_session="fetch")
    )
    current = current_epoch(session)
    if current == epoch:
        notice_new_epoch(session, epoch, held_until, now=now)
    return current


def _just_after(epoch: str) -> datetime:
    began = timedelta(milliseconds=UUID(epoch).int >> 80)
    return datetime(1970, 1, 1, tzinfo=UTC) + began + timedelta(milliseconds=2)


def newest_rulebook(session: Reading) -> int:
    """The highest version published, in force or not; 0 before the first."""
    [(newest,)] = _NEWEST.rows(session)
    return newest or 0


def next_rulebook_number(session: ReadSession) -> int:
    """One that no rulebook has had, whatever a restore has forgotten (L8)."""
    began = session.scalars(select(HqState.epoch_began_at)).one()
    known = session.execute(select(RulebookVersion.published_at, RulebookVersion.published_by)).all()
    is_first_since = not any(at >= began and not by.startswith(BROUGHT_BACK) for at, by in known)
    left_out = NUMBERS_LEFT_OUT if known and is_first_since else 0
    return newest_rulebook(session) + 1 + left_out
