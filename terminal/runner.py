"""Work off the UI thread: one worker, first in first out, whose results come back where the window says. Owns that thread; knows no use-case and no widget.

Presenters hand in a call and what to do with its answer. The queue is bounded: a till never has more than a few actions under way.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)
_QUEUED_MAX: Final = 64


class Runner(Protocol):
    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Does `work` elsewhere, then calls `then` with its answer on the UI thread. Returns at once."""


class WorkerRunner:
    """`post` runs a call on the UI thread soon (Kivy's `Clock.schedule_once`); `on_defect` tells the person that a bug stopped an action."""

    def __init__(self, post: Callable[[Callable[[], None]], None], on_defect: Callable[[BaseException], None]) -> None:
        self._post = post
        self._on_defect = on_defect
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(_QUEUED_MAX)
        self._thread = threading.Thread(target=self._loop, name="till-runner", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        def job() -> None:
            answer = work()
            self._post(lambda: then(answer))

        self._queue.put_nowait(job)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Finishes what is queued, then ends the thread; an action under way is never cut off."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _loop(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job()
            except Exception as defect:  # the last resort of this thread: logged and shown, the till goes on
                _log.exception("an action at the counter failed")
                self._post(lambda defect=defect: self._on_defect(defect))  # type: ignore[misc]  # a lambda that binds now
