"""Leases offered to a till: GET /v1/grants?after=N, the eighth section of the protocol's messages."""

from datetime import datetime

from stored_value.identity import MemberId
from stored_value.reservation_records import ReservationId, ReservedThing
from sync.message_types import prepare
from sync.messages import Message

GRANTS_MAX = 256


class Grant(Message, frozen=True, kw_only=True):
    """`number` counts the grants to one till, without gaps. `version` is the wallet's that contains the lease: the till accepts it when its replica has come so far."""

    number: int
    lease_id: ReservationId
    member_id: MemberId
    version: int
    amount_minor: int
    expires_at: datetime
    things: tuple[ReservedThing, ...] = ()


class Grants(Message, frozen=True, kw_only=True):
    """In the order of their numbers, at most GRANTS_MAX."""

    epoch: str
    grants: tuple[Grant, ...]


prepare(globals())
