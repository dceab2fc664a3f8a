"""Owns what head office notes of tills whose protocol it does not speak: since when they are refused, and their last try. Nobody has proved that he is the till that he names, so
nothing is done by it: people are told. Called by the gate, and by whoever opens a session, which ends it.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from hq_server.database.engine import Database, DatabaseBusy, StorageFull
from hq_server.database.models import Terminal
from hq_server.terminals.rows import TerminalRow

logger = logging.getLogger(__name__)
NOTE_EVERY: Final = timedelta(minutes=1)
NAMES_MAX: Final = 5_000


class UnspokenTills:
    """Thread-safe. Notes each name at most once a minute, so that a till that asks all the time, or somebody who makes names up, costs little."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._guard = threading.Lock()
        self._noted: dict[str, datetime] = {}

    def heard(self, terminal_id: str, protocol: str) -> None:
        now = self._clock()
        if not self._is_due(terminal_id, now):
            return
        known = select(Terminal.store_id).where(Terminal.terminal_id == terminal_id)
        try:
            with self._database.read() as session:
                store_id = session.scalar(known)
            if store_id is None:
                return
            with self._database.write() as session:
                terminal = session.get_one(Terminal, (store_id, terminal_id), with_for_update=True)
                terminal.unspoken_protocol, terminal.unspoken_at = protocol, now
                terminal.unspoken_since = terminal.unspoken_since or now
        except (DatabaseBusy, StorageFull) as error:
            logger.warning("a till of another protocol was not noted: %s", error)

    def _is_due(self, terminal_id: str, now: datetime) -> bool:
        with self._guard:
            last = self._noted.get(terminal_id)
            if last is not None and now - last < NOTE_EVERY:
                return False
            if len(self._noted) >= NAMES_MAX:
                self._noted.clear()
            self._noted[terminal_id] = now
            return True


def speaks(terminal: TerminalRow) -> None:
    """It opened a session: nothing is refused any more. The caller commits."""
    if terminal.unspoken_since is not None:
        terminal.unspoken_protocol, terminal.unspoken_since, terminal.unspoken_at = "", None, None
