"""kill -9 at every named step of a print job: every receipt is on paper once, or again with the mark; the drawer opens at
most once a sale."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from printers.simulated import SimulatedNetworkPrinter
from printers.spool import recover
from tests.printers.sample_receipts import Journal
from tests.printers.test_spool import numbers, working
from tests.waiting import until

STEPS = {
    # What the killed receipt must look like: whether a first copy may be on paper, and whether a marked one must be.
    "print_job_claimed": (0, 0),
    "print_job_sending": (0, 1),
    "print_job_sent": (1, 1),
    "print_job_printed": (1, 0),
}
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 3])
def test_killed_at_a_step_every_receipt_is_printed_once_or_again_marked(tmp_path: Path, step: str, nth: int) -> None:
    journal = Journal(tmp_path / "journal.db").create()
    names = [f"S01-T1-{n}" for n in range(1, 5)]
    journal.enqueue(*names, kick_drawer=True)
    with SimulatedNetworkPrinter() as printer:
        ended = subprocess.run(
            [
                sys.executable,
                str(Path(__file__).with_name("killed_worker.py")),
                journal.path,
                printer.target,
                step,
                str(nth),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL
        before = dict(Counter(journal.states().values()))
        with closing(journal.connect()) as conn, conn:
            found = recover(conn)
        with working(journal.worker("front", printer.target)):
            until(lambda: set(journal.states().values()) == {"printed"}, what="all receipts printed")
        printed = numbers(printer)
        kicks = printer.mechanism.output().drawer_kicks

    killed = names[nth - 1]
    originals, copies = ([name for name, marked in printed if marked is wanted] for wanted in (False, True))
    may_be_first, must_be_marked = STEPS[step]
    assert [name for name in names if name != killed] == [name for name in originals if name != killed]
    assert copies == [killed] * must_be_marked
    assert originals.count(killed) == (may_be_first if must_be_marked else 1)
    assert found.queued_again == before.get("sending", 0) == must_be_marked
    assert kicks == len(originals)
