"""The machine that a figure was measured on, and how much others used of it meanwhile. Reads /proc; where there is none it says so instead of guessing."""

import os
import platform
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Final

from benchmarks.latency import percentile_us

PROC: Final = Path("/proc")
QUIET_SHARE: Final = 0.08
"""Above this share of all processors used by others, a figure says as much about them as about us."""

_IDLE, _IOWAIT, _STEAL = 3, 4, 7


def facts(folder: Path) -> dict[str, str | int]:
    """`folder` is where the files of the benchmark lie."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count() or 0,
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "file_system": _file_system(folder),
    }


def flush_us(folder: Path, count: int = 30) -> float:
    """The median time of making one written page durable in `folder`: says what every commit below pays at least."""
    times: list[int] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for place in range(count):
            os.pwrite(file.fileno(), b"x" * 4096, place * 4096)
            began = perf_counter_ns()
            os.fdatasync(file.fileno())
            times.append(perf_counter_ns() - began)
    return percentile_us(times, 50)


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time in clock ticks since the machine and since these processes began."""

    elapsed: int
    busy: int
    own: int


def usage() -> Usage | None:
    """None where the system does not tell."""
    try:
        ticks = [int(field) for field in (PROC / "stat").read_text("ascii").splitlines()[0].split()[1:9]]
    except FileNotFoundError:
        return None
    idle = ticks[_IDLE] + ticks[_IOWAIT]
    return Usage(elapsed=sum(ticks), busy=sum(ticks) - idle, own=_own_ticks())


def others_share(before: Usage | None, after: Usage | None) -> float | None:
    """The share of all processors that processes other than this one and its children used in between."""
    if before is None or after is None or after.elapsed == before.elapsed:
        return None
    foreign = (after.busy - before.busy) - (after.own - before.own)
    return max(0.0, foreign / (after.elapsed - before.elapsed))


def processor_s(pid: int) -> float | None:
    """Processor time that a process used since it began; None where the system does not tell."""
    try:
        fields = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib() -> int:
    """Of this process; 0 where the system does not tell."""
    try:
        lines = (PROC / "self" / "status").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def share_now(seconds: float = 1.0) -> float | None:
    before = usage()
    sleep(seconds)
    return others_share(before, usage())


def _own_ticks() -> int:
    """Of this process, its descendants, and those of them that have ended and were waited for."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while the list was read
        parents[int(folder.name)] = int(fields[1])
        ticks[int(folder.name)] = sum(int(field) for field in fields[11:15])
    return sum(spent for pid, spent in ticks.items() if _descends(pid, parents))


def _descends(pid: int, parents: dict[int, int]) -> bool:
    seen: set[int] = set()
    while pid not in seen:
        if pid == os.getpid():
            return True
        seen.add(pid)
        pid = parents.get(pid, 0)
    return False


def _processor() -> str:
    try:
        lines = (PROC / "cpuinfo").read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _file_system(folder: Path) -> str:
    """The type of the mount that holds `folder`."""
    place = str(folder.resolve())
    try:
        mounts = [line.split()[1:3] for line in (PROC / "mounts").read_text("utf-8").splitlines()]
    except FileNotFoundError:
        return "unknown"
    holding = [(at, kind) for at, kind in mounts if place == at or place.startswith(at.rstrip("/") + "/")]
    return max(holding, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]
