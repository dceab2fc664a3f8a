"""How a machine dies in a simulation: at a named step of the product (`terminal.steps` and its like), which the product only logs. Knows no machine.

`SuddenDeath` is no `Exception`, so that no handler of errors takes it for one: a power switch asks nobody.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

TILL_LOGGERS: Final = ("terminal.steps", "printers.spool")
HQ_LOGGERS: Final = ("hq_server.steps",)
TILL_STEPS: Final = (
    "member_identified", "decided", "transaction_begun", "entry_inserted", "print_job_inserted", "totals_updated", "committed", "push_recorded", "push_sent",
    "push_settled", "print_job_claimed", "print_job_sending", "print_job_sent", "print_job_printed", "replica_replacing",
    *(f"journal_written {nth}" for nth in (1, 2, 3)), *(f"replica_written {nth}" for nth in (1, 3)),
)  # fmt: skip
"""The number: not the first time that it comes there, but the so-many-eth. Every commit is such a step, those without a name of their own too."""
HQ_STEPS: Final = (
    "push_decoded",
    "ingest_begun",
    "wallets_loaded",
    "applied",
    "rows_written",
    "ingest_committed",
    "sequenced",
)


class SuddenDeath(BaseException):
    """The machine is gone; what it had not committed is lost."""


class _Switch(logging.Handler):
    def __init__(self, step: str, dying: Callable[[], None]) -> None:
        super().__init__()
        self._step, _, nth = step.partition(" ")
        self._left = int(nth or 1)
        self._dying = dying

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", "") != self._step:
            return
        self._left -= 1
        if self._left == 0:
            self._dying()
            raise SuddenDeath(self._step)


@contextmanager
def dying_at(step: str, loggers: tuple[str, ...], dying: Callable[[], None]) -> Iterator[None]:
    """Within the block the machine dies when it reaches the step; `dying` is called at that very moment."""
    switch = _Switch(step, dying)
    before = [(logger, logger.level, logger.propagate) for logger in map(logging.getLogger, loggers)]
    for logger, _, _ in before:
        logger.addHandler(switch)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(switch)
            logger.setLevel(level)
            logger.propagate = propagate
