"""What a cashier waits for: from the text that the scanner read to the durable entry with its print job and shift totals.

The real use-cases on real files, head office not asked; first without a mirror, then with one. The floor is one durable commit of the same bytes (the entry and
the receipt) into one plain table, interleaved with what is measured, on the same disk.
"""

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter_ns, thread_time_ns
from typing import Final

import terminal.station  # noqa: F401 - what a running till has loaded, for its memory
from benchmarks.figures import Better, Figure, Measured
from benchmarks.latency import Nanoseconds, Stopwatch, percentile_us
from benchmarks.machine import flush_us, resident_mib
from benchmarks.sample_till import LOTS, SampleTill, open_till
from benchmarks.slow_flush import flushes_of_this_thread
from printers.document import encode_document
from stored_value.events import OrderLine
from terminal import steps
from terminal.counter.views import Completed, MemberView
from terminal.journal.mirror import Mirror

SUMMARY: Final = "from the decoded scan to the durable entry, against one bare durable commit"
LINES: Final = (
    OrderLine(line_no=1, name="拿铁咖啡 大杯", total_minor=3_200),
    OrderLine(line_no=2, name="可颂", total_minor=1_800),
    OrderLine(line_no=3, name="美式咖啡", total_minor=2_500),
)
_WARM_UP: Final = 50
_LISTENED_EVERY: Final = 4
"""Each such redemption tells when its commit began; as telling takes time, it counts for nothing else."""
_FLOOR_TABLE: Final = "CREATE TABLE entries (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL)"
_FLOOR_COMMIT: Final = "INSERT INTO entries (raw) VALUES (?)"
_FILL: Final = """
import sys
from pathlib import Path
from benchmarks.sample_till import fill_replica
from terminal.clock import SystemClock
fill_replica(Path(sys.argv[1]), int(sys.argv[2]), SystemClock())
"""


def measure(folder: Path, quick: bool) -> Measured:
    return _measure(folder, 500, 60) if quick else _measure(folder, 100_000, 2_000)


def measure_full(folder: Path) -> Measured:
    return _measure(folder, 1_000_000, 2_000)


@dataclass(frozen=True, slots=True)
class _Times:
    """Of redemptions; `commits` are of those that were listened to, from the begin of the journal's write to its durable end."""

    ours: list[Nanoseconds] = field(default_factory=list)
    commits: list[Nanoseconds] = field(default_factory=list)
    bare: list[Nanoseconds] = field(default_factory=list)
    processor: list[Nanoseconds] = field(default_factory=list)
    bytes_stored: list[int] = field(default_factory=list)
    flushes: list[int] = field(default_factory=list)


def _measure(folder: Path, members: int, redemptions: int) -> Measured:
    # In a process of its own, so that this one has a till's memory and no more.
    subprocess.run([sys.executable, "-c", _FILL, str(folder / "replica.db"), str(members)], check=True)
    till = open_till(folder, members=members)
    mirror = Mirror(till.journal, folder / "mirror")
    numbers = Random(11).sample(range(members), 2 * (redemptions + _WARM_UP))
    commit_clock = _CommitClock()
    try:
        with closing(_floor_table(folder / "floor.db")) as floor:
            alone = _redeemed(till, numbers[: redemptions + _WARM_UP], floor, commit_clock)
            mirror.start()
            mirrored = _redeemed(till, numbers[redemptions + _WARM_UP :], floor, commit_clock)
        resident = resident_mib()
    finally:
        mirror.stop()
        till.close()
    return Measured(
        figures=(*_figures(alone, "no mirror"), *_figures(mirrored, "mirror")),
        breakdown={
            "processor time, p50": f"{percentile_us(alone.processor, 50):,.0f} us",
            "flushes a redemption": _counted(alone.flushes),
            "and with the mirror": _counted(mirrored.flushes),
            "resident without the window": f"{resident} MiB",
        },
        settings={
            "members in the replica": members,
            "replica MiB": round((folder / "replica.db").stat().st_size / 2**20),
            "lots a wallet": LOTS,
            "order lines": len(LINES),
            "redemptions": redemptions,
            "bytes an entry with its receipt": sum(alone.bytes_stored) // len(alone.bytes_stored),
            "one flush, p50 us": round(flush_us(folder)),
            "SQLite": "WAL, synchronous=FULL",
            "SQL of the floor": f"{_FLOOR_TABLE}; {_FLOOR_COMMIT}",
        },
        notes=(
            "no print spool runs: every 4,000 pages a payment copies SQLite's log into the file and the next one flushes its new head",
            "flushes are those of the paying thread, and known only where the slower flush is loaded",
        ),
    )


def _figures(times: _Times, mirror: str) -> list[Figure]:
    parts = (("scan to durable entry", times.ours, 50), ("scan to durable entry", times.ours, 99))
    return [
        Figure(
            what=f"{what}, {mirror}, p{percent}",
            unit=f"us ({percentile_us(ours, percent) - percentile_us(times.bare, percent):+,.0f})",
            value=percentile_us(ours, percent),
            floor=percentile_us(times.bare, percent),
            floor_what="a durable SQLite commit of the same bytes",
            better=Better.LOWER,
        )
        for what, ours, percent in (*parts, ("the commit alone", times.commits, 99))
    ]


def _counted(flushes: list[int]) -> str:
    if not flushes:
        return "not counted"
    return ", ".join(f"{count}: {flushes.count(count):,}" for count in sorted(set(flushes)))


class _CommitClock(logging.Handler):
    """Listens to the till's steps for the time between a write's begin and its durable end."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._log = logging.getLogger("terminal.steps")
        self._began = 0
        self.took: Nanoseconds = 0

    def __enter__(self) -> None:
        self._log.setLevel(logging.DEBUG)
        self._log.propagate = False
        self._log.addHandler(self)

    def __exit__(self, *_: object) -> None:
        self._log.removeHandler(self)
        self._log.propagate = True
        self._log.setLevel(logging.NOTSET)

    def emit(self, record: logging.LogRecord) -> None:
        match getattr(record, "step", ""):
            case steps.TRANSACTION_BEGUN:
                self._began = perf_counter_ns()
            case steps.COMMITTED:
                self.took = perf_counter_ns() - self._began


def _redeemed(till: SampleTill, numbers: list[int], floor: sqlite3.Connection, commit: _CommitClock) -> _Times:
    times = _Times()
    for place, number in enumerate(numbers):
        listens = place % _LISTENED_EVERY == 0
        flushed = flushes_of_this_thread()
        with commit if listens else nullcontext():
            spent, used, stored = _redemption(till, number)
        flushes = flushes_of_this_thread()
        bare = _bare_commit(floor, stored)
        if place < _WARM_UP:
            continue
        if listens:
            times.commits.append(commit.took)
        else:
            times.ours.append(spent)
            times.processor.append(used)
        times.bare.append(bare)
        times.bytes_stored.append(len(stored))
        if flushes is not None and flushed is not None:
            times.flushes.append(flushes - flushed)
    return times


def _redemption(till: SampleTill, number: int) -> tuple[Nanoseconds, Nanoseconds, bytes]:
    """The time, the processor's time, and what had to become durable: the entry's bytes and the receipt as it is stored."""
    scanned = till.card_of(number)
    began_ns, watch = thread_time_ns(), Stopwatch()
    action = till.counter.new_action()
    member = till.counter.identify(scanned)
    assert isinstance(member, MemberView), member
    done = till.counter.redeem(action, member.member_id, LINES, static_card=True)
    spent, used = watch.stop(), thread_time_ns() - began_ns
    assert isinstance(done, Completed), done
    entry = till.journal.find(action)
    assert entry is not None
    return spent, used, entry.raw + encode_document(done.receipt).encode()


def _floor_table(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_FLOOR_TABLE)
    return connection


def _bare_commit(connection: sqlite3.Connection, stored: bytes) -> Nanoseconds:
    watch = Stopwatch()
    connection.execute(_FLOOR_COMMIT, (stored,))
    return watch.stop()
