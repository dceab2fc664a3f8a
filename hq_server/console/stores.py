"""Owns the stores as pages show them: names, zones, and which day it is there. Writes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import HqState, Store
from hq_server.own_journal.place import HEAD_OFFICE_ZONE
from stored_value.identity import StoreId
from stored_value.rulebook import HEAD_OFFICE_STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStore:
    store_id: StoreId
    name: str
    zone: str
    owner: str

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()


class Stores:
    """All stores of a franchise, looked up by id; head office has books of its own and stands among them by name only."""

    def __init__(self, stores: tuple[ShownStore, ...], franchise_name: str) -> None:
        self.all = stores
        self.franchise_name = franchise_name
        self._by_id = {store.store_id: store for store in stores}

    def name(self, store_id: str) -> str:
        """Empty for head office and for a store that is not known here."""
        store = self._by_id.get(StoreId(store_id))
        return store.name if store else ""

    def is_head_office(self, store_id: str) -> bool:
        return store_id == HEAD_OFFICE_STORE

    def zone(self, store_id: str | None) -> str:
        store = self._by_id.get(StoreId(store_id)) if store_id else None
        return store.zone if store else HEAD_OFFICE_ZONE

    def get(self, store_id: str) -> ShownStore | None:
        return self._by_id.get(StoreId(store_id))

    def seen(self, store_id: StoreId | None) -> tuple[ShownStore, ...]:
        return tuple(store for store in self.all if store_id in {None, store.store_id})

    def today(self, store_id: StoreId | None, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone(store_id))).date()


def read_stores(session: ReadSession) -> Stores:
    rows = session.scalars(select(Store).order_by(Store.store_id))
    stores = tuple(
        ShownStore(store_id=StoreId(row.store_id), name=row.name, zone=row.zone, owner=row.owner) for row in rows
    )
    name = session.scalar(select(HqState.franchise_name))
    return Stores(stores, name or "")
