"""The live channel, `POST /v1/live`, answered when there is news or `wait_s` is over: its messages, once for both sides, as `sync.messages` has the rest."""

from stored_value.reservation_records import ReservationId
from sync.message_types import prepare
from sync.messages import BlockRow, Heads, Message

LIVE_WAIT_S_MAX = 25.0


class LiveRequest(Message, frozen=True, kw_only=True):
    """What the till has: its cursor in each of its feeds, the last grant's number, and the leases that it has given back but perhaps not yet reported."""

    epoch: str
    cursors: dict[str, int]
    grants_after: int = 0
    returned: tuple[ReservationId, ...] = ()
    wait_s: float = 0.0


class News(Heads, frozen=True, kw_only=True):
    """With the leases that HQ asks back now, and who may not pay any more, or may again: rows of the global feed behind the till's cursor, which the feed brings as well.
    `spread_s`: the global feed has moved for so many tills that each should look at a moment of its own within so many seconds."""

    recalls: tuple[ReservationId, ...] = ()
    blocks: tuple[BlockRow, ...] = ()
    spread_s: float = 0.0


prepare(globals())
