"""Owns which zone a store's clock is in. Read by whoever must know the store's day."""

from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import Store
from hq_server.database.prepared import Prepared

_ZONE: Final = Prepared(select(Store.zone).where(Store.store_id == bindparam("store")))


def zone_of(session: ReadSession, store_id: str) -> ZoneInfo:
    """Of a store that exists."""
    [(zone,)] = _ZONE.rows(session, store=store_id)
    return ZoneInfo(zone)
