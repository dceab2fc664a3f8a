"""Owns the epoch (H1): versions, cursors, outcomes and page addresses belong to one; a restored head office starts the next.

Epochs are UUIDv7, so a later one sorts after an earlier one. Feeds of a new epoch are empty: tills drop their replica, take a
snapshot of the new epoch and push again from head office's head.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from sqlalchemy import func, select, update

from hq_server.database.engine import Reading, WriteSession
from hq_server.database.models import HqState, RulebookVersion
from hq_server.database.prepared import Prepared
from hq_server.feed.publishing import current_epoch
from stored_value.identity import uuid7

STATE_KEY = "hq"
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
    session.execute(
        update(HqState)
        .where(HqState.key == STATE_KEY, HqState.epoch == replaces)
        .values(epoch=epoch, epoch_began_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return current_epoch(session)


def _just_after(epoch: str) -> datetime:
    began = timedelta(milliseconds=UUID(epoch).int >> 80)
    return datetime(1970, 1, 1, tzinfo=UTC) + began + timedelta(milliseconds=2)


def newest_rulebook(session: Reading) -> int:
    """The highest version published, in force or not; 0 before the first."""
    [(newest,)] = _NEWEST.rows(session)
    return newest or 0
