"""Owns when head office's runs happen by themselves: in one background thread, at every look for which the index shows something due. Started and stopped with the application.

At the same look it raises the exception that offline spending could cost more than the limit. Once a business day it looks for value that is stranded between two members, and
members leave the scopes of stores that they no longer visit.
A new business day makes more days due, so the turn of the day needs no clock of its own; a late entry in a merged wallet is due at once.
"""

import logging
import threading
from datetime import date
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.engine import DatabaseBusy, StorageFull
from hq_server.database.models import OpenTransfer, WalletRecord
from hq_server.database.prepared import Prepared
from hq_server.exceptions.exposed import watch_exposure
from hq_server.exceptions.stranded import watch_transit
from hq_server.members.leaving import leave_scopes
from hq_server.own_journal.desk import Desk
from hq_server.own_journal.place import Moment, business_day
from hq_server.own_journal.runs import run_day
from stored_value.identity import MemberId

logger = logging.getLogger(__name__)
_DUE: Final = Prepared(
    select(WalletRecord.member_id).where(WalletRecord.due_on <= bindparam("today")).limit(bindparam("most"))
)
_OPEN_LEGS: Final = Prepared(select(OpenTransfer.member_id).distinct().limit(bindparam("most")))


class Schedule:
    """Several at once, in one process or in many, are safe: runs are."""

    def __init__(self, desk: Desk, interval_s: float, scope_quiet_days: int) -> None:
        self._desk = desk
        self._interval_s = interval_s
        self._scope_quiet_days = scope_quiet_days
        self._left_on = date.min
        self._transit_on = date.min
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed: frozenset[MemberId] = frozenset()
        self._failed_on = date.min

    def look(self) -> bool:
        """Runs when something is due; whether it did. Members that failed today are tried again tomorrow, or by hand."""
        moment = Moment.at(self._desk.clock())
        if moment.on != self._failed_on:
            self._failed, self._failed_on = frozenset(), moment.on
        if not self._anything_due(moment.on):
            return False
        report = run_day(self._desk, moment, skip=self._failed)
        self._failed |= frozenset(report.failed)
        return True

    def look_at_scopes(self) -> int:
        """How many members left a store; at the first look of a business day only. In no hurry: what stops it is tried again at the next look."""
        now = self._desk.clock()
        on = business_day(now)
        if on == self._left_on:
            return 0
        left = leave_scopes(self._desk, now, self._scope_quiet_days)
        self._left_on = on
        return left

    def look_at_transit(self) -> bool:
        """Whether an exception was raised; at the first look of a business day only."""
        on = business_day(self._desk.clock())
        if on == self._transit_on:
            return False
        raised = watch_transit(self._desk.database, self._desk.clock)
        self._transit_on = on
        return raised

    def _anything_due(self, on: date) -> bool:
        """One member more than those who failed: among so many there is another, if there is any."""
        most = len(self._failed) + 1
        with self._desk.database.look() as session:
            due, open_legs = _DUE.rows(session, today=on, most=most), _OPEN_LEGS.rows(session, most=most)
        return any(member_id not in self._failed for (member_id,) in (*due, *open_legs))

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
                watch_exposure(self._desk.database, self._desk.rulebooks, self._desk.clock)
                self.look_at_scopes()
                self.look_at_transit()
            except (StorageFull, DatabaseBusy) as error:
                logger.warning("head office's run waits: %s", error)
            except Exception:  # the last resort of this thread: logged, and the next round tries again
                logger.exception("head office's run failed")
            self._stopping.wait(self._interval_s)
