"""The same pushes into head office's tables when they are empty and when years are in them: whether taking in slows down as the tables grow.

The years are copies of what the first pushes left, see `grown_tables`. Every round has tills and members of its own, so the wallets are alike in all of them.
"""

import contextlib
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

from benchmarks import served_hq
from benchmarks.figures import Better, Figure, Measured
from benchmarks.grown_tables import COPIED, GrownTables
from benchmarks.hq_ingest import per_event, wait_for_the_feed
from benchmarks.machine import processor_s
from benchmarks.pushing_till import PushingTill
from benchmarks.raw_insert import RawPostgres
from benchmarks.served_hq import HeadOffice
from sync.messages import PUSH_ENTRIES_MAX
from tests.postgres import running_postgres

SUMMARY: Final = "pushes into PostgreSQL with ever more events in the tables, against empty ones"
_BYTES_AN_EVENT: Final = 4_500
"""Of tables, indexes and the log beside them; seen, and rounded up."""


@dataclass(frozen=True, slots=True)
class Size:
    """`grown_to`: with so many events in the tables a round is measured, after one with the tables empty."""

    tills: int
    pushes_a_till: int
    entries: int
    grown_to: tuple[int, ...]

    @property
    def members_a_round(self) -> int:
        """More than top up in it."""
        return self.tills * (self.pushes_a_till * self.entries * 2 // 5 + 20)

    @property
    def events_a_round(self) -> int:
        return self.tills * self.pushes_a_till * self.entries


DAILY: Final = Size(8, 3, PUSH_ENTRIES_MAX, (250_000, 1_000_000))
FULL: Final = Size(8, 3, PUSH_ENTRIES_MAX, (1_000_000, 5_000_000, 10_000_000))
QUICK: Final = Size(2, 1, 40, (400,))


@dataclass(frozen=True, slots=True)
class _Round:
    """`present`: events in the tables before it, in so many bytes; `made_s`: what putting them there took."""

    present: int
    size_bytes: int
    made_s: float
    rate: float
    server_s: float | None


def measure(folder: Path, quick: bool) -> Measured:
    return _measure(folder, QUICK if quick else DAILY)


def measure_full(folder: Path) -> Measured:
    return _measure(folder, FULL)


def _measure(folder: Path, size: Size) -> Measured:
    wanted = size.grown_to[-1] * _BYTES_AN_EVENT
    with running_postgres(durable=True) as server, server.database() as url:
        assert shutil.disk_usage(server.socket_folder).free > wanted, f"wants {wanted / 2**30:.0f} GiB in TMPDIR"
        office = served_hq.make(folder, url, size.members_a_round * (1 + len(size.grown_to)))
        with (
            contextlib.closing(RawPostgres(url)) as raw,
            contextlib.closing(GrownTables(url)) as tables,
            served_hq.serving(office) as pid,
        ):
            rounds = [_round(office, size, 0, raw, pid)]
            tables.keep_sample()
            for number, events in enumerate(size.grown_to, start=1):
                began = perf_counter()
                tables.grow_to(events)
                made_s, present, size_bytes = perf_counter() - began, tables.events(), tables.size_bytes()
                measured = _round(office, size, number, raw, pid)
                rounds.append(_Round(present, size_bytes, made_s, measured.rate, measured.server_s))
    return _measured(size, rounds)


def _round(office: HeadOffice, size: Size, number: int, raw: RawPostgres, pid: int) -> _Round:
    """Until the feed is whole, so that nothing of it is left to the next."""
    with _tills(office, size, number) as tills, ThreadPoolExecutor(size.tills) as pool:
        wait_for_the_feed(raw)
        used_s, began = processor_s(pid), perf_counter()
        sent = list(pool.map(PushingTill.send, tills))
        wait_for_the_feed(raw)
        seconds, now_used_s = perf_counter() - began, processor_s(pid)
    outcomes = [outcome for replies, _ in sent for reply in replies for outcome in reply.outcomes]
    flagged = [each for each in outcomes if each.status != "created" or each.findings]
    assert not flagged, f"{len(flagged)} entries were not plainly taken in, the first: {flagged[0]}"
    assert len(outcomes) == size.events_a_round
    server_s = None if used_s is None or now_used_s is None else now_used_s - used_s
    return _Round(0, 0, 0.0, len(outcomes) / seconds, server_s)


@contextlib.contextmanager
def _tills(office: HeadOffice, size: Size, number: int) -> Iterator[list[PushingTill]]:
    own = office.members[number * size.members_a_round : (number + 1) * size.members_a_round]
    with contextlib.ExitStack() as stack:
        tills: list[PushingTill] = []
        for place, code in enumerate(served_hq.enrolment_codes(office, size.tills, size.tills)):
            tills.append(PushingTill(office.url, code, own[place :: size.tills], Random(place)))
            stack.callback(tills[-1].close)
            tills[-1].journal(size.pushes_a_till, size.entries)
        yield tills


def _measured(size: Size, rounds: list[_Round]) -> Measured:
    empty, *grown = rounds
    return Measured(
        figures=tuple(
            Figure(
                what=f"pushes, {each.present:,} events in the tables",
                unit="events/s",
                value=each.rate,
                floor=empty.rate,
                floor_what="the tables empty",
                better=Better.HIGHER,
            )
            for each in grown
        ),
        breakdown={"head office's processor, tables empty": per_event(empty.server_s, size.events_a_round)}
        | {
            f"at {each.present:,} events": f"{each.size_bytes / 2**30:.1f} GiB, made in {each.made_s:.0f} s,"
            f" {per_event(each.server_s, size.events_a_round)}"
            for each in grown
        },
        settings={
            "engine": "PostgreSQL, its defaults: fsync and synchronous_commit on",
            "tills": size.tills,
            "events a round": size.events_a_round,
            "events a push": size.entries,
            "tables grown": ", ".join(COPIED),
            "the events in them": f"copies of the first {size.events_a_round:,}, other ids, over 365 days",
        },
        notes=("the rate is until totals and feed are whole", "indexes are fresh: built after each growth"),
    )
