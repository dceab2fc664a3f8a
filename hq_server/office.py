"""Owns what a running head office is made of: one value, put together by `app.create_app` and reached by endpoints through `office_of`. No logic stands here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from hq_server.config import HqConfig
from hq_server.database.engine import Database
from hq_server.feed.news import NewsBoard
from hq_server.feed.open_rows import OpenRows
from hq_server.feed.presence import Presence
from hq_server.feed.sequencer import Sequencer
from hq_server.ingest.member_line import MemberLine
from hq_server.ingest.rulebook_shelf import RulebookShelf
from hq_server.ingest.turns import PushTurns
from hq_server.keys.key_files import HqKeys
from hq_server.keys.key_ring import KeyRing
from hq_server.own_journal.desk import Desk
from hq_server.own_journal.schedule import Schedule
from hq_server.reservations.lease_desk import LeaseDesk
from hq_server.sessions.tokens import Tokens
from hq_server.snapshots.builder import SnapshotBuilder

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Shared by all requests; every part is thread-safe."""

    config: HqConfig
    database: Database
    ring: KeyRing
    tokens: Tokens
    clock: Clock
    rulebooks: RulebookShelf
    turns: PushTurns
    line: MemberLine
    sequencer: Sequencer
    news: NewsBoard
    open_rows: OpenRows
    presence: Presence
    leases: LeaseDesk
    snapshots: SnapshotBuilder
    desk: Desk
    schedule: Schedule

    @property
    def keys(self) -> HqKeys:
        """As they are now: a key that was made or revoked a moment ago counts. Take them once where several uses must agree."""
        return self.ring.keys


async def office_of(request: Request) -> Office:
    """A FastAPI dependency: `office: Annotated[Office, Depends(office_of)]`. Async, because it is no work for a thread of the pool."""
    office = request.app.state.office
    assert isinstance(office, Office)
    return office
