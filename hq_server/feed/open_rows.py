"""Owns the rows of open pages as they were last read: the tills of a store are woken together and ask for the same ones. Rows once numbered never change."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.messages import FeedEntry

FEEDS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class PageRows:
    """`needs_global`: the highest that one of them presupposes; `last_at`: when the last one was numbered, None without rows."""

    entries: tuple[FeedEntry, ...]
    needs_global: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Address:
    """Of an open page at one moment of its feed."""

    feed_id: str
    epoch: str
    page: int
    head: int


class OpenRows:
    """One page a feed, of the feeds asked for last. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, tuple[Address, PageRows]] = OrderedDict()

    def known(self, feed_id: str) -> tuple[Address, PageRows] | None:
        """What was read last of the feed, which may have moved since."""
        with self._guard:
            return self._kept.get(feed_id)

    def of(self, address: Address, read: Callable[[], PageRows]) -> PageRows:
        """As kept, or as `read` finds them in the caller's view of the database, in which `address.head` is the feed's head."""
        with self._guard:
            kept = self._kept.get(address.feed_id)
        if kept is not None and kept[0] == address:
            return kept[1]
        rows = read()
        with self._guard:
            self._kept[address.feed_id] = (address, rows)
            self._kept.move_to_end(address.feed_id)
            while len(self._kept) > FEEDS_MAX:
                self._kept.popitem(last=False)
        return rows
