"""The live channel, `POST /v1/live`, answered when there is news or `wait_s` is over: its messages, once for both sides, as `sync.messages` has the rest."""

from stored_value.reservation_records import ReservationId
from sync.message_types import prepare
from sync.messages import Heads, Message

LIVE_WAIT_S_MAX = 25.0


class LiveRequest(Message, frozen=True, kw_only=True):
    """What the till has: its cursor in each of its feeds, the last grant's number, and the leases that it has given back but perhaps not yet reported."""

    epoch: str
    cursors: dict[str, int]
    grants_after: int = 0
    returned: tuple[ReservationId, ...] = ()
    wait_s: float = 0.0


class News(Heads, frozen=True, kw_only=True):
    """With the leases that HQ asks back now."""

    recalls: tuple[ReservationId, ...] = ()


prepare(globals())
