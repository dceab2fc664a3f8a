"""Owns when each till last asked on the live channel: in memory, and in the database now and then. Says who can be reached at once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update

from hq_server.database.engine import Database
from hq_server.database.models import Terminal
from stored_value.identity import StoreId, TerminalId
from sync.live import LIVE_WAIT_S_MAX

CONNECTED_FOR: Final = timedelta(seconds=LIVE_WAIT_S_MAX + 10)
"""A till asks again within a wait's length and a little."""


class Presence:
    """Thread-safe. Tills that ask another process of head office are unknown to this one."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._last: dict[tuple[StoreId, TerminalId], datetime] = {}
        self._unwritten: set[tuple[StoreId, TerminalId]] = set()

    def came(self, store_id: StoreId, terminal_id: TerminalId) -> None:
        with self._guard:
            self._last[store_id, terminal_id] = self._clock()
            self._unwritten.add((store_id, terminal_id))

    @property
    def tills(self) -> int:
        """How many have asked since this process began: nearly all of them are connected."""
        with self._guard:
            return len(self._last)

    def is_connected(self, store_id: StoreId, terminal_id: TerminalId) -> bool:
        with self._guard:
            last = self._last.get((store_id, terminal_id))
        return last is not None and self._clock() - last <= CONNECTED_FOR

    def write_down(self, database: Database) -> None:
        """What is new since the last time, in one unit of work. May raise `DatabaseBusy`, `StorageFull`."""
        with self._guard:
            wanted = sorted((*key, self._last[key]) for key in self._unwritten)
            self._unwritten.clear()
        if not wanted:
            return
        with database.write() as session:
            for store_id, terminal_id, at in wanted:
                session.execute(
                    update(Terminal)
                    .where(Terminal.store_id == store_id, Terminal.terminal_id == terminal_id)
                    .values(last_live_at=at)
                    .execution_options(synchronize_session=False)
                )
