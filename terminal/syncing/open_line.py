"""Keeps the line open on which the till asks before a payment: making a new one takes a round trip or three, and over a slow line the deadline of the payment with it.

Owns its thread. Uses the same client as `online`, which may ask meanwhile: it then takes a line of its own.
"""

import logging
import threading
from typing import Final

from sync.client import HqClient
from sync.errors import HqRefused, SyncError
from terminal.clock import Clock
from terminal.syncing.pauses import pause_s

_log = logging.getLogger(__name__)
_EVERY_S: Final = 45.0
"""Sooner than either end, or a proxy between them, gives up a line on which nothing is asked."""
_NEXT_TRY_S: Final = 5.0


class OpenLine:
    """`start` and `stop` from the owner's thread; `wake` from any: a question had no answer, and its line is gone."""

    def __init__(self, client: HqClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._failures = 0
        self._awake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="till-line", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 0.5) -> None:
        """A line that is just being made is left to itself."""
        self._stopping = True
        self._awake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        self._awake.set()

    def step(self) -> float:
        """Returns how long to wait before the next; also an older head office, which refuses what it does not know, has a line open then."""
        self._awake.clear()
        try:
            self._client.keep_line()
        except HqRefused as refused:
            _log.debug("the line is open: %s", refused)
        except SyncError as error:
            _log.debug("no line: %s", error)
            self._failures += 1
            return pause_s(error, self._failures, self._clock, first_s=_NEXT_TRY_S)
        self._failures = 0
        return _EVERY_S

    def _run(self) -> None:
        while not self._stopping:
            try:
                wait_s = self.step()
            except Exception:  # the last resort of this thread: logged, and payments make their line themselves
                _log.exception("keeping the line open failed by a defect")
                wait_s = _EVERY_S
            if not self._stopping:
                self._awake.wait(wait_s)
