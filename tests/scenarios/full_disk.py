"""A head office whose disk fills up while tills push. Started by test_bad_input.py on a small file system: `python -m tests.scenarios.full_disk DISK AT_REST`."""

import errno
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from sync.errors import HqBusy, SyncError
from tests.scenarios.franchise import member_of, playing
from tests.scenarios.till import Till
from tests.waiting import until


def fill(folder: Path) -> Path:
    """Every last byte."""
    filler = folder / "filler"
    file = os.open(filler, os.O_WRONLY | os.O_CREAT)
    for size in (65_536, 4_096, 512, 1):
        try:
            while os.write(file, b"x" * size):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    os.close(file)
    return filler


def settled(till: Till) -> bool:
    with suppress(SyncError):
        till.sync()
    return till.journal.pending_count() == 0


def main() -> None:
    disk, at_rest = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as tills_own_disk, playing(at_rest, disk / "franchise") as franchise:
        moved = shutil.move(franchise.folder / "S01-T1", tills_own_disk)
        (franchise.folder / "S01-T1").symlink_to(moved)
        till = franchise.till("S01-T1")
        people = [member_of("S01", place) for place in range(40)]
        till.top_up(people[0], 10_000)
        till.sync()
        books = franchise.books
        before = books.head("S01-T1")
        till.unplug()
        for member in people:
            till.top_up(member, 10_000)
        filler = fill(disk)
        error = till.sync_fails()
        assert isinstance(error, HqBusy), error
        assert error.http_status == 503
        assert error.retry_after_s > 0
        assert books.head("S01-T1") == before, "nothing half kept"
        assert not books.faults("S01-T1"), books.faults("S01-T1")
        filler.unlink()
        until(lambda: settled(till), what="the till to settle", timeout_s=20)
        assert books.head("S01-T1")[0] == till.journal.head().seq
        assert {books.balances()[member] for member in people[1:]} == {15_000}
        assert not books.faults("S01-T1"), books.faults("S01-T1")
    sys.stdout.write("told, kept nothing, and went on\n")


if __name__ == "__main__":
    main()
