"""Owns the parent's side of played hours: one process with the shim loaded plays hour after hour, each in a fork of its own on its own copy of the furnished till."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.crash.disk_log import Change, Disk, read_changes
from tests.crash.played_hour import Hour, Told


@dataclass(frozen=True, slots=True)
class Played:
    """An hour that is over. `disk` stands where it stood when the hour began."""

    told: Told
    root: Path
    changes: tuple[Change, ...]
    disk: Disk

    def acknowledged(self, before: int | None = None) -> list[bytes]:
        """The entries acknowledged up to that change, in the log's order."""
        return [each.data[4:] for each in self.changes[:before] if each.kind == "M" and each.data.startswith(b"ack ")]


class Hours:
    """Use from one thread, as a context."""

    def __init__(self, shim: Path, furnished: Path, folder: Path) -> None:
        self._furnished = furnished
        self._folder = folder
        self._played = 0
        self._complaints = (folder / "complaints").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.played_hour"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**os.environ, "LD_PRELOAD": str(shim)},
            text=True,
        )

    def play(self, rounds: int, *, nth: int = 0, full: bool = False, once: bool = False, weak: bool = False) -> Played:
        """The files of the hour before are gone then."""
        self._played += 1
        root, log = self._folder / f"hour-{self._played}", self._folder / "disk.log"
        shutil.rmtree(self._folder / f"hour-{self._played - 1}", ignore_errors=True)
        shutil.copytree(self._furnished, root)
        disk = Disk(root, seed=nth)
        hour = Hour(folder=str(root), log=str(log), rounds=rounds, nth=nth, full=full, once=once, weak=weak)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(hour)) + "\n")
        self._process.stdin.flush()
        told = Told(**json.loads(self._process.stdout.readline()))
        if told.stuck:
            told.stuck += "\n" + (self._folder / "complaints").read_text()[-2_000:]
        return Played(told, root, tuple(read_changes(log)), disk)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)
        self._complaints.close()
