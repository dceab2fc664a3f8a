"""kill -9 at every named step of an append: what was acknowledged is there, nothing is doubled, no half commit is seen."""

import logging
import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from printers.spool import queued_count
from terminal import steps
from tests.stored_value.miniature import MEMBER, enrolled, top_up
from tests.terminal.journal.test_append import LOCAL, receipts
from tests.terminal.miniature import SHIFT, new_journal, opened_journal

BEFORE_COMMIT = (steps.TRANSACTION_BEGUN, steps.ENTRY_INSERTED, steps.PRINT_JOB_INSERTED, steps.TOTALS_UPDATED)
KILLS_A_STEP = 10


class KillAt(logging.Handler):
    """Ends this process as a power switch would, when the step is reached for the n-th time."""

    def __init__(self, step: str, times: int) -> None:
        super().__init__()
        self._step = step
        self._left = times

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", "") == self._step:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def sell_until_killed(folder: Path, step: str, kill_at: int, acknowledged: int) -> None:
    """In a forked child: goes on selling; each returned append is acknowledged by one byte through the pipe."""
    log = logging.getLogger("terminal.steps")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(KillAt(step, kill_at))
    journal = new_journal(folder)
    journal.append(enrolled(), receipts=receipts, local_member=LOCAL)
    os.write(acknowledged, b".")
    for number in range(20):
        journal.append(top_up(f"t{number}", 100), receipts=receipts)
        os.write(acknowledged, b".")


def run_killed(folder: Path, step: str, kill_at: int) -> int:
    """Returns how many appends were acknowledged before the kill."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            sell_until_killed(folder, step, kill_at, writing)
        finally:
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        acknowledged = len(pipe.read())
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the step {step} was not reached"
    assert os.WTERMSIG(status) == signal.SIGKILL
    return acknowledged


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("step", [*BEFORE_COMMIT, steps.COMMITTED])
def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(step: str, tmp_path: Path) -> None:
    killed: Counter[str] = Counter()
    for round_ in range(1, KILLS_A_STEP + 1):
        folder = tmp_path / str(round_)
        acknowledged = run_killed(folder, step, round_)
        killed[step] += 1
        with opened_journal(folder) as journal:
            entries = journal.head().seq
            assert entries == (acknowledged + 1 if step == steps.COMMITTED else acknowledged)
            assert journal.verify().faults == ()
            with closing(journal.connect_spool()) as connection:
                assert queued_count(connection, "counter") == entries, "one receipt an entry"
            totals = journal.shifts.totals(SHIFT)
            assert sum(totals.counts.values()) == entries
            assert totals.topped_up_minor == 100 * (entries - 1 if entries else 0)
            assert (journal.local_members.find(MEMBER) is not None) == (entries > 0)
            again = journal.append(top_up("t0", 100), receipts=receipts)
            assert again.existing == (entries > 1), "the same action again after the crash is done once"
            assert integrity(folder) == "ok"
    assert killed[step] == KILLS_A_STEP


def integrity(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
