"""The sync worker: one thread that runs cycles when an entry was committed, when it is time to look for news, and after a failure with growing pauses.

Owns that thread and what the strip says of it; what a cycle does is `cycle`'s.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sync.errors import SyncError
from terminal.clock import Clock
from terminal.journal import JournalError
from terminal.replica import ReplicaError
from terminal.syncing.codes import code_of
from terminal.syncing.cycle import CycleReport
from terminal.syncing.errors import SyncingError, TillStopped
from terminal.syncing.pauses import FIRST_S, MAX_S, pause_s

_log = logging.getLogger(__name__)
TOLD_POLL_S: Final = 60.0
"""A till that is told of news looks by itself this seldom: a thousand tills that look every few seconds leave head office no time for payments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """`online`: the last cycle reached HQ and ended well. `since` is when that last changed. `code` is stable (`codes`), `last_error` its words for the
    technician; `rejected`: what head office sent and this till did not take, also by a cycle that ended well. `takes_payment_pins`: by the newest cycle that ended well."""

    online: bool
    since: datetime
    last_success_at: datetime | None = None
    code: str = ""
    last_error: str = ""
    rejected: tuple[str, ...] = ()
    takes_payment_pins: bool = False


class SyncWorker:
    """`start`, `stop`, `wake` and `status` from any thread; `run_cycle` is `SyncCycle.run_once`, `is_told` whether head office tells this till of news by itself."""

    def __init__(
        self,
        run_cycle: Callable[[], CycleReport],
        clock: Clock,
        *,
        poll_interval_s: float = 3.0,
        is_told: Callable[[], bool] = lambda: False,
    ) -> None:
        self._run_cycle = run_cycle
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._is_told = is_told
        self._failures = 0
        self._status = SyncStatus(online=False, since=clock.now())
        self._awake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="till-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 15.0) -> bool:
        """Lets the cycle in hand end; False when it did not in time."""
        self._stopping = True
        self._awake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wake(self) -> None:
        """Something was committed: sync soon. During a back-off the pause is kept, so that a busy HQ is not run over. What a cycle commits itself (a lease taken, or
        given back) it sends itself, now or in its next turn: no second cycle follows for it."""
        if not self._failures and threading.get_ident() != self._thread.ident:
            self._awake.set()

    def retry_now(self) -> None:
        """A person asks: sync now, whatever the back-off says."""
        self._awake.set()

    def status(self) -> SyncStatus:
        return self._status

    def step(self) -> float:
        """One cycle on the calling thread; returns how long to wait for the next."""
        try:
            report = self._run_cycle()
        except (SyncError, SyncingError, JournalError, ReplicaError, OSError) as error:
            return self._failed(error)
        self._failures = 0
        now = self._clock.now()
        since = self._status.since if self._status.online else now
        self._status = SyncStatus(
            online=True,
            since=since,
            last_success_at=now,
            rejected=report.rejected,
            takes_payment_pins=report.takes_payment_pins,
        )
        return (
            self._poll_interval_s if report.unsent or not self._is_told() else max(self._poll_interval_s, TOLD_POLL_S)
        )

    def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            wait_s = self._step_or_say_why()
            if not self._stopping:
                self._awake.wait(wait_s)

    def _step_or_say_why(self) -> float:
        try:
            return self.step()
        except Exception as defect:  # the last resort of this thread: logged and shown, the till goes on
            _log.exception("a sync cycle failed by a defect")
            return self._failed(defect)

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        now = self._clock.now()
        was_online = self._status.online or not self._status.code
        if was_online or str(error) != self._status.last_error:
            _log.warning("sync: %s", error, extra={"code": code_of(error)})
        self._status = replace(
            self._status,
            online=False,
            since=now if self._status.online else self._status.since,
            code=code_of(error),
            last_error=str(error),
        )
        return self._pause_s(error)

    def _pause_s(self, error: Exception) -> float:
        """A stopped till waits for a person: it asks seldom from the start."""
        first_s = MAX_S if isinstance(error, TillStopped) else FIRST_S
        return pause_s(error, self._failures, self._clock, first_s=first_s)
