"""Owns how a child of a crash test dies: by SIGKILL, from a logging handler, at the n-th time that the product logs a step. The product knows nothing of it."""

import logging
import os
import signal
from dataclasses import dataclass

STEP_LOGGERS = ("terminal.steps", "printers.spool", "hq_server.steps")


@dataclass(frozen=True, slots=True)
class Kill:
    step: str
    nth: int


class KillAt(logging.Handler):
    """Ends this process as a power switch would, on whatever thread reaches the step."""

    def __init__(self, kill: Kill) -> None:
        super().__init__()
        self._kill = kill
        self._left = kill.nth

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", "") == self._kill.step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def arm(kill: Kill | None) -> None:
    """Call in the child, before any thread starts."""
    if kill is None:
        return
    handler = KillAt(kill)
    for name in STEP_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(handler)
