"""What a cashier waits for: from the text that the scanner read to the durable entry with its print job and shift totals.

The real use-cases on real files, 100,000 members in the replica, head office not asked. The floor is one durable commit
of the same bytes (the entry and the receipt) into one plain table, interleaved with what is measured, on the same disk.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from time import thread_time_ns
from typing import Final

from benchmarks.figures import Better, Figure, Measured
from benchmarks.latency import Nanoseconds, Stopwatch, percentile_us
from benchmarks.machine import flush_us
from benchmarks.sample_till import LOTS, SampleTill, open_till
from printers.document import encode_document
from stored_value.events import OrderLine
from terminal.counter.views import Completed, MemberView

SUMMARY: Final = "from the decoded scan to the durable entry, against one bare durable commit"
LINES: Final = (
    OrderLine(line_no=1, name="拿铁咖啡 大杯", total_minor=3_200),
    OrderLine(line_no=2, name="可颂", total_minor=1_800),
    OrderLine(line_no=3, name="美式咖啡", total_minor=2_500),
)
_WARM_UP: Final = 50
_FLOOR_TABLE: Final = "CREATE TABLE entries (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL)"
_FLOOR_COMMIT: Final = "INSERT INTO entries (raw) VALUES (?)"


def measure(folder: Path, quick: bool) -> Measured:
    members, redemptions = (500, 60) if quick else (100_000, 2_000)
    till = open_till(folder, members=members)
    try:
        with closing(_floor_table(folder / "floor.db")) as floor:
            return _measured(folder, till, floor, redemptions)
    finally:
        till.close()


def _measured(folder: Path, till: SampleTill, floor: sqlite3.Connection, redemptions: int) -> Measured:
    watch = Stopwatch()
    ours: list[Nanoseconds] = []
    bare: list[Nanoseconds] = []
    sizes: list[int] = []
    for number in Random(11).sample(range(till.members), redemptions + _WARM_UP):
        spent, stored = _redemption(till, number, watch)
        ours.append(spent)
        bare.append(_bare_commit(floor, stored))
        sizes.append(len(stored))
    ours, bare = ours[_WARM_UP:], bare[_WARM_UP:]
    return Measured(
        figures=(*_figures(ours, bare),),
        breakdown={part: f"{percentile_us(times[_WARM_UP:], 50):,.0f} us" for part, times in watch.parts.items()},
        settings={
            "members in the replica": till.members,
            "lots a wallet": LOTS,
            "order lines": len(LINES),
            "redemptions": redemptions,
            "bytes an entry with its receipt": sum(sizes) // len(sizes),
            "one flush, p50 us": round(flush_us(folder)),
            "SQLite": "WAL, synchronous=FULL",
            "SQL of the floor": f"{_FLOOR_TABLE}; {_FLOOR_COMMIT}",
        },
        notes=("p99 holds the checkpoints of SQLite's log, in the floor as well",),
    )


def _figures(ours: list[Nanoseconds], bare: list[Nanoseconds]) -> list[Figure]:
    return [
        Figure(
            what=f"scan to durable entry, p{percent}",
            unit=f"us ({percentile_us(ours, percent) - percentile_us(bare, percent):+,.0f})",
            value=percentile_us(ours, percent),
            floor=percentile_us(bare, percent),
            floor_what="a durable SQLite commit of the same bytes",
            better=Better.LOWER,
        )
        for percent in (50, 99)
    ]


def _redemption(till: SampleTill, number: int, watch: Stopwatch) -> tuple[Nanoseconds, bytes]:
    """The time, and what had to become durable: the entry's bytes and the receipt as it is stored."""
    scanned = till.card_of(number)
    began_ns = thread_time_ns()
    watch.start()
    action = till.counter.new_action()
    member = till.counter.identify(scanned)
    watch.lap("identify")
    assert isinstance(member, MemberView), member
    done = till.counter.redeem(action, member.member_id, LINES, static_card=True)
    watch.lap("decide and commit")
    spent = watch.stop()
    watch.parts.setdefault("processor time of both", []).append(thread_time_ns() - began_ns)
    assert isinstance(done, Completed), done
    entry = till.journal.find(action)
    assert entry is not None
    return spent, entry.raw + encode_document(done.receipt).encode()


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
