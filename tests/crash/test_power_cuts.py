"""The power goes at any moment of an hour's work, also in the middle of a write: whatever the counter acknowledged is there, and the till goes on (L1, L7).

The disk of the recorded hour is played again up to the cut; what was not flushed by then is kept, dropped or torn at random (tests/crash/disk_log.py says how).
"""

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.till_directory import KeyFileUnusable, TillDirectory
from tests.crash.conftest import Tell
from tests.crash.disk_log import Disk, read_changes
from tests.crash.hours import Hours, Played
from tests.crash.power_on import goes_on, losses

ROUNDS = 30
CUTS = 260
"""Of each part; there are two, so that two workers share them."""


def cuts_of(played: Played, count: int, seed: int) -> list[int]:
    """Places in the log, in order."""
    chance = random.Random(seed)
    return sorted(chance.randrange(1, len(played.changes)) for _ in range(count))


def cut_again_and_again(
    played: Played, folder: Path, count: int, seed: int
) -> Iterator[tuple[int, Path, Counter[str]]]:
    """The folder as found after each cut, and what that cut did."""
    applied = 0
    for number, place in enumerate(cuts_of(played, count, seed)):
        while applied < place:
            played.disk.apply(played.changes[applied])
            applied += 1
        found = folder / f"{seed}-{number}"
        cut = played.disk.lay_out(found, seed * 1_000_003 + number)
        did = Counter(
            {
                "cuts": 1,
                "inside a commit of the journal": "till/journal.db-wal" in cut.unflushed,
                "while the log was moved into the journal": "till/journal.db" in cut.unflushed,
                "inside a write of the mirror": any(name.startswith("stick/") for name in cut.unflushed),
                "that lost a name": cut.names_lost > 0,
                "writes kept": cut.kept,
                "writes dropped": cut.dropped,
                "writes torn": cut.torn,
            }
        )
        yield place, found, did
        shutil.rmtree(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "count"),
    [
        pytest.param(1, CUTS, id="first", marks=pytest.mark.timeout(600)),
        pytest.param(2, CUTS, id="second", marks=pytest.mark.timeout(600)),
        pytest.param(3, 20 * CUTS, id="soak", marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
def test_what_was_acknowledged_is_there_when_the_power_comes_back(
    hours: Hours, disks: Path, tell: Tell, part: int, count: int
) -> None:
    played = hours.play(ROUNDS)
    assert (played.told.broken, played.told.refused, played.told.stuck) == ([], [], ""), "the hour went well"
    assert played.told.acknowledged == len(played.acknowledged()) > 2 * ROUNDS
    assert losses(played.root, played.acknowledged(), unanswered_max=0) == []
    happened: Counter[str] = Counter()
    for place, found, did in cut_again_and_again(played, disks, count, part):
        happened += did
        lost = losses(found, played.acknowledged(place), unanswered_max=1)
        assert lost == [], f"part {part}, cut at change {place} of {len(played.changes)}"
        assert goes_on(found) == [], f"part {part}, cut at change {place} of {len(played.changes)}"
    tell(f"{dict(happened)} in an hour of {played.told.acknowledged} entries and {len(played.changes)} changes")
    assert happened["cuts"] == count
    never = [name for name in did if not happened[name]]
    assert never == [], f"never happened: {never}"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_till_that_does_not_flush_each_commit_is_found_out(hours: Hours, disks: Path, tell: Tell) -> None:
    """The same cuts on SQLite's synchronous=NORMAL, so that their silence elsewhere means something."""
    played = hours.play(ROUNDS, weak=True)
    lost = [
        wrong
        for place, found, _ in cut_again_and_again(played, disks, 60, 4)
        if (wrong := losses(found, played.acknowledged(place), unanswered_max=1))
    ]
    tell(f"{len(lost)} of 60 cuts lost something without a flush a commit, for example: {lost[0][0] if lost else '-'}")
    assert any("is lost" in wrong for each in lost for wrong in each)


KEEP = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sync.keys import encode_bytes
from terminal.till_directory import TillDirectory
from tests.crash.played_hour import Disk

disk = Disk()
disk.record(sys.argv[1], sys.argv[2])
place = TillDirectory(Path(sys.argv[1]) / "till")
place.terminal_key(Ed25519PrivateKey.from_private_bytes(bytes(32)))
place.keep_shared_secrets(encode_bytes(b"p" * 32), encode_bytes(b"t" * 32))
disk.mark("kept", b"")
"""


@pytest.mark.slow
def test_keys_are_there_after_a_cut_once_head_office_was_told(disk_shim: Path, tmp_path: Path) -> None:
    """A till whose key is lost after its enrolment would need another one-time code."""
    folder, log = tmp_path / "disk", tmp_path / "disk.log"
    (folder / "till").mkdir(parents=True)
    disk = Disk(folder)
    command = [sys.executable, "-c", KEEP, str(folder), str(log)]
    subprocess.run(command, check=True, env={**os.environ, "LD_PRELOAD": str(disk_shim)})
    for change in read_changes(log):
        disk.apply(change)
    for seed in range(20):
        found = tmp_path / str(seed)
        disk.lay_out(found, seed)
        try:
            TillDirectory(found / "till").secrets()
        except KeyFileUnusable as error:
            pytest.fail(f"seed {seed}: {error}")
