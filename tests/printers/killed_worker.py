"""A process that prints and kills itself with SIGKILL at the n-th time it logs a step. Started by test_spool_crash.py:
`python killed_worker.py DATABASE ADDRESS STEP N`."""

import logging
import os
import signal
import sys
from pathlib import Path
from threading import Event

from tests.printers.sample_receipts import Journal


class KillAt(logging.Handler):
    def __init__(self, step: str, times: int) -> None:
        super().__init__()
        self._step, self._left = step, times

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", None) == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    path, address, step, times = sys.argv[1:]
    log = logging.getLogger("printers.spool")
    log.setLevel(logging.DEBUG)
    log.addHandler(KillAt(step, int(times)))
    Journal(Path(path)).worker("front", address).start()
    Event().wait(30)


if __name__ == "__main__":
    main()
