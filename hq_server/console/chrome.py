"""Owns what every page shows around its content: the stores to choose from and how many exceptions are open. Each page asks for it in its own session."""

from dataclasses import dataclass
from datetime import datetime

from hq_server.console.exceptions.reads import COUNT_MAX, count_open
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.stores import Stores, read_stores
from hq_server.database.engine import ReadSession
from stored_value.identity import StoreId


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """`place` is the page's entry in the rail, `store_id` the store it is about, None for all."""

    place: str
    stores: Stores
    store_id: StoreId | None
    exceptions: int
    now: datetime

    @property
    def exceptions_text(self) -> str:
        return f"{COUNT_MAX - 1}+" if self.exceptions >= COUNT_MAX else str(self.exceptions)


def chrome_of(session: ReadSession, visitor: Visitor, place: str, *, store_id: StoreId | None, now: datetime) -> Chrome:
    return Chrome(
        place=place,
        stores=read_stores(session),
        store_id=store_id,
        exceptions=count_open(session, visitor.store_id),
        now=now,
    )
