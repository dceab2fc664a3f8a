"""The disk is full: a clear error, nothing half written, reading and settling go on, and the till recovers by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.journal import DiskFull
from tests.stored_value.miniature import top_up
from tests.terminal.miniature import SHIFT, append_all, opened_journal, settled

CHILD = """
import errno, os, sys
from pathlib import Path
from terminal.journal import DiskFull
from tests.stored_value.miniature import top_up
from tests.terminal.miniature import opened_journal, settled

folder = Path(sys.argv[1])
with opened_journal(folder, reserve_bytes=256 * 1024) as journal:
    journal.append(top_up("t0", 100))
    filler = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    for size in (65536, 4096, 512):
        try:
            while os.write(filler, b"x" * size):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC
    os.close(filler)
    number = 0
    try:
        for number in range(1, 2000):
            journal.append(top_up(f"t{number}", 100))
        raise SystemExit("the disk never became full")
    except DiskFull as error:
        assert "Free space" in str(error), error
    head = journal.head().seq
    assert head == number, (head, number)
    assert journal.verify().faults == ()
    journal.outcomes.settle(tuple(settled(seq, seq) for seq in range(1, head + 1)), head)
    assert journal.pending_count() == 0, "the reserve leaves room to settle"
    assert journal.disk_is_full()
    (folder / "filler").unlink()
    assert journal.append(top_up(f"t{number}", 100)).entry.header.seq == head + 1
    assert not journal.disk_is_full()
print("settled and recovered after", head)
"""


@pytest.mark.slow
def test_a_full_disk_refuses_sales_lets_outcomes_in_and_recovers(tmp_path: Path) -> None:
    """On a file system of its own, 4 MiB small."""
    script = 'mount -t tmpfs -o size=4m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    unshared = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--mount", *unshared, "sh", "-c", script, "sh", str(tmp_path), sys.executable, CHILD]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "settled and recovered" in done.stdout


def test_a_journal_at_its_page_limit_says_so_and_writes_nothing(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        with journal._database.reading() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(DiskFull, match=r"journal\.db: the disk is full; nothing was written"):
            append_all(journal, [top_up(f"t{number}", 100) for number in range(200)])
        written = journal.head().seq
        assert 0 < written < 200
        assert journal.shifts.totals(SHIFT).counts == {"topped_up": written}
        assert journal.verify().faults == ()
        assert not (tmp_path / "journal.reserve").exists()


def test_the_reserve_is_taken_again_when_there_is_room(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        assert (tmp_path / "journal.reserve").stat().st_size == 64 * 1024
        journal._database.reserve.release()
        assert not (tmp_path / "journal.reserve").exists()
        assert journal.append(top_up("t1", 100)).entry.header.seq == 1
        assert (tmp_path / "journal.reserve").stat().st_size == 64 * 1024
        journal.outcomes.settle((settled(1, 1),), 1)
