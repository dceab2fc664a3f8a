"""Owns what head office needs to act by itself, and the one way in which it does: a unit of work on its journal, done again when somebody was faster.

One value, made by the composition root; runs, transfers and standing take it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from hq_server.database.engine import CLASHES, Database, DatabaseBusy, StorageFull, WriteSession
from hq_server.feed.sequencer import Sequencer
from hq_server.ingest.rulebook_shelf import RulebookShelf
from hq_server.own_journal.journal import OwnJournal
from hq_server.wallets.scope import WalletChanged
from stored_value import reservations
from stored_value.identity import LotId
from stored_value.wallet import Wallet

logger = logging.getLogger(__name__)
ATTEMPTS: Final = 5
T = TypeVar("T")
Note = Callable[[WriteSession], None]
"""What is written in the same unit of work as an event: the audit log's row."""
Committed = Callable[[Wallet, date], Mapping[LotId, int]]
"""What leases and holds keep of a wallet's expired lots and holdings on a day (H5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Thread-safe."""

    database: Database
    rulebooks: RulebookShelf
    sequencer: Sequencer
    clock: Callable[[], datetime]
    committed: Committed = reservations.committed

    def write(self, now: datetime, do: Callable[[OwnJournal], T]) -> T:
        """`do` decides and writes in one unit of work, and may be called again from the beginning. May raise `DatabaseBusy`, `StorageFull`, `OwnEventFaulty`."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._once(now, do)
            except (DatabaseBusy, WalletChanged, *CLASHES) as error:
                logger.info("done again after a conflict: %s", type(error).__name__)
        try:
            return self._once(now, do)
        except WalletChanged as error:
            raise DatabaseBusy(str(error)) from error

    def _once(self, now: datetime, do: Callable[[OwnJournal], T]) -> T:
        with self.database.write() as session:
            journal = OwnJournal(session, self.rulebooks.all(session), now=now)
            done = do(journal)
        return done

    def tell(self) -> None:
        """After commits: into the feeds, so that tills hear of it."""
        try:
            self.sequencer.nudge()
        except (StorageFull, DatabaseBusy) as error:
            logger.warning("sequencing waits: %s", error)
