"""Owns the shape of an outbox row: what a business commit tells the sequencer. Written by ingest and by whatever else changes what a replica shows; read by the sequencer."""

from datetime import date

import msgspec
from sqlalchemy import bindparam, insert

from hq_server.database.engine import WriteSession
from hq_server.database.models import Outbox
from hq_server.database.prepared import PreparedChange
from stored_value.identity import EventId, MemberId, PromotionId, StoreId
from sync.message_types import prepare


class RollupDelta(msgspec.Struct, frozen=True, array_like=True):
    """One posting, as the rollups count it."""

    store_id: StoreId
    business_date: date
    event_kind: str
    account: str
    detail: str
    amount_minor: int


class CampaignGift(msgspec.Struct, frozen=True, array_like=True):
    """What a promotion with a cap over all members gave with one top-up, and that cap."""

    promotion_id: PromotionId
    bonus_minor: int
    cap_times: int | None
    cap_minor: int | None


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`purchases` names those whose rows are to be published; `entered` the stores whose scope the member has just entered, which get recent purchases too;
    `left` those whose scope the member has just left, whose tills delete the row;
    `standing`: the wallet's status changed, which every till hears of (H9); `gifts` count towards campaigns."""

    deltas: tuple[RollupDelta, ...] = ()
    purchases: tuple[EventId, ...] = ()
    entered: tuple[StoreId, ...] = ()
    left: tuple[StoreId, ...] = ()
    standing: bool = False
    gifts: tuple[CampaignGift, ...] = ()


encode_change = msgspec.json.Encoder().encode
decode_change = msgspec.json.Decoder(Change).decode
_LEAVE = PreparedChange(
    insert(Outbox).values(member_id=bindparam("member"), event_id=bindparam("event"), payload=bindparam("payload"))
)


def leave(session: WriteSession, member_id: MemberId, event_id: EventId, change: Change) -> None:
    """`event_id` tells this change from others of the member; a change that no till made gets a UUIDv7 of its own."""
    _LEAVE.run(session, member=member_id, event=event_id, payload=encode_change(change))


prepare(globals())
