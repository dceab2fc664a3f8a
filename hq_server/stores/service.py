"""Owns the opening of a store. Called by initialisation and the console; the caller commits."""

import re
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hq_server.database.engine import WriteSession
from hq_server.database.models import Store
from hq_server.feed.publishing import publish
from stored_value.identity import StoreId
from stored_value.rulebook import HEAD_OFFICE_STORE
from sync.messages import GLOBAL_SCOPE, StoreRow

_STORE_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}")


class StoreOwner(StrEnum):
    COMPANY = "company"
    FRANCHISEE = "franchisee"


class StoreRefused(Exception):
    """`code`: store_id_invalid | store_exists | zone_unknown."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def open_store(
    session: WriteSession, store_id: StoreId, *, name: str, zone: str, owner: StoreOwner, now: datetime
) -> None:
    """Every till learns of it by the global feed. Raises `StoreRefused`."""
    if not _STORE_ID.fullmatch(store_id) or store_id == HEAD_OFFICE_STORE:
        raise StoreRefused("store_id_invalid", "a store's id is a capital letter and up to seven capitals or digits")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise StoreRefused("zone_unknown", f"{zone} is no IANA time zone") from error
    if session.get(Store, store_id) is not None:
        raise StoreRefused("store_exists", f"there is a store {store_id} already")
    session.add(Store(store_id=store_id, name=name, zone=zone, owner=owner, created_at=now))
    session.flush()
    publish(session, GLOBAL_SCOPE, StoreRow(store_id=store_id, name=name, zone=zone), at=now)
