"""Head office taking in tills' journals: pushes of 500 signed entries from four tills at once, over HTTP, by the program as it is served.

A push counts when its reply is there: proven, applied, durable. The feed is filled meanwhile; how long it goes on after the
last reply is shown beside it. The floor is the raw insert of the rows that came of it, see `raw_insert`.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, sleep
from typing import Final

from benchmarks import raw_insert, served_hq
from benchmarks.figures import Better, Figure, Measured
from benchmarks.machine import flush_us, processor_s
from benchmarks.pushing_till import PushingTill
from benchmarks.raw_insert import RawPostgres, RawSqlite, Rows
from benchmarks.served_hq import HeadOffice
from sync.messages import PUSH_ENTRIES_MAX, PushReply
from tests.postgres import running_postgres

SUMMARY_SQLITE: Final = "pushes over HTTP into SQLite, against the raw insert of the same rows"
SUMMARY_POSTGRESQL: Final = "pushes over HTTP into PostgreSQL, against the COPY of the same rows"
_DRAIN_S: Final = 120.0
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Size:
    members: int
    pushes_a_till: int
    entries: int


@dataclass(frozen=True, slots=True)
class Engine:
    name: str
    settings: str
    floor_sql: str


_SQLITE: Final = Engine("SQLite", "SQLite, WAL, synchronous=FULL", "executemany INSERT INTO … VALUES (?, …)")
_POSTGRESQL: Final = Engine(
    "PostgreSQL", "PostgreSQL, its defaults: fsync and synchronous_commit on", "COPY … FROM STDIN"
)
FULL: Final = Size(10_000, 12, PUSH_ENTRIES_MAX)
QUICK: Final = Size(200, 2, 60)


def measure_on_sqlite(folder: Path, quick: bool) -> Measured:
    path = folder / "hq" / "hq.db"
    path.parent.mkdir()
    with contextlib.closing(RawSqlite(path)) as raw:
        return _measure(folder, f"sqlite:///{path}", raw, quick, _SQLITE)


def measure_on_postgresql(folder: Path, quick: bool) -> Measured:
    with (
        running_postgres(durable=True) as server,
        server.database() as url,
        contextlib.closing(RawPostgres(url)) as raw,
    ):
        return _measure(folder, url, raw, quick, _POSTGRESQL)


@dataclass(slots=True)
class _Pushed:
    """What the tills saw: seconds until the last reply, until the feed was whole, of the same pushes again, and of each single push;
    `server_s` is the processor time that head office used until the feed was whole."""

    first_s: float
    published_s: float
    again_s: float
    server_s: float | None
    push_s: list[float]
    replies: list[PushReply]


def _measure(folder: Path, url: str, raw: RawSqlite | RawPostgres, quick: bool, engine: Engine) -> Measured:
    size = QUICK if quick else FULL
    office = served_hq.make(folder, url, size.members)
    before = {table: len(raw.read(table)) for table in raw_insert.TABLES}
    assert not any(before.values()), f"the tables are not empty: {before}"
    raw.keep_copy()
    with served_hq.serving(office) as server:
        pushed = _push(office, server, raw, size)
    _check(pushed, size, len(office.enrolment_codes))
    added: dict[str, Rows] = {table: raw.read(table) for table in raw_insert.TABLES}
    commits = size.pushes_a_till * len(office.enrolment_codes)
    raw_s = raw_insert.insert_again(raw, added, commits)
    events = commits * size.entries
    rows = sum(len(each) for each in added.values())
    return Measured(
        figures=(
            Figure(
                what=f"pushes into {engine.name}",
                unit="events/s",
                value=events / pushed.first_s,
                floor=events / raw_s,
                floor_what="the raw insert of the same rows",
                better=Better.HIGHER,
            ),
            Figure(
                what=f"the same again into {engine.name}",
                unit="events/s",
                value=events / pushed.again_s,
                floor=events / pushed.first_s,
                floor_what="the same pushes the first time",
                better=Better.HIGHER,
            ),
        ),
        breakdown={
            "head office's processor": per_event(pushed.server_s, events),
            "one push, median": f"{sorted(pushed.push_s)[len(pushed.push_s) // 2] * 1000:,.0f} ms",
            "one push, slowest": f"{max(pushed.push_s) * 1000:,.0f} ms",
            "feed whole after the last reply": f"{(pushed.published_s - pushed.first_s) * 1000:,.0f} ms",
            "raw insert": f"{rows / raw_s:,.0f} rows/s",
        },
        settings={
            "engine": engine.settings,
            "tills": len(office.enrolment_codes),
            "events": events,
            "events a push": size.entries,
            "members": size.members,
            "rows written": rows,
            "of the events": "30% top-ups, 60% redemptions of 3 lines, 10% refunds",
            "server": "1 process (uvicorn), tills in another",
            "one flush, p50 us": round(flush_us(folder)),
            "SQL of the floor": f"{engine.floor_sql} of {', '.join(raw_insert.TABLES)}, one commit a push",
        },
        notes=(
            "the floor leaves out changed wallets, scopes and the feed, which the product writes as well",
            "one server process settles in Python: its processor time, not the disk, is the ceiling; see docs/BENCHMARKS.md",
        ),
    )


def per_event(seconds: float | None, events: int) -> str:
    return "unknown" if seconds is None else f"{seconds / events * 1e6:,.0f} us an event, feed included"


def _push(office: HeadOffice, server: int, raw: RawSqlite | RawPostgres, size: Size) -> _Pushed:
    codes = list(office.enrolment_codes.values())
    with contextlib.ExitStack() as stack:
        tills: list[PushingTill] = []
        for place, code in enumerate(codes):
            till = PushingTill(office.url, code, office.members[place :: len(codes)], Random(place))
            stack.callback(till.close)
            till.journal(size.pushes_a_till, size.entries)
            tills.append(till)
        pool = stack.enter_context(ThreadPoolExecutor(len(tills)))
        used_s = processor_s(server)
        began = perf_counter()
        sent = list(pool.map(PushingTill.send, tills))
        first_s = perf_counter() - began
        wait_for_the_feed(raw)
        published_s = perf_counter() - began
        now_used_s = processor_s(server)
        began = perf_counter()
        again = list(pool.map(PushingTill.send, tills))
        again_s = perf_counter() - began
    assert all(outcome.status == "exists" for replies, _ in again for reply in replies for outcome in reply.outcomes)
    return _Pushed(
        first_s=first_s,
        published_s=published_s,
        again_s=again_s,
        server_s=None if used_s is None or now_used_s is None else now_used_s - used_s,
        push_s=[seconds for _, times in sent for seconds in times],
        replies=[reply for replies, _ in sent for reply in replies],
    )


def wait_for_the_feed(raw: RawSqlite | RawPostgres) -> None:
    """Until the sequencer has taken everything from the outbox."""
    deadline = monotonic() + _DRAIN_S
    while not raw.is_empty("outbox"):
        if monotonic() > deadline:
            raise RuntimeError(f"the outbox was not empty after {_DRAIN_S:.0f} s")
        sleep(_LOOK_S)


def _check(pushed: _Pushed, size: Size, tills: int) -> None:
    """A figure counts only when everything was taken in as it was meant."""
    outcomes = [outcome for reply in pushed.replies for outcome in reply.outcomes]
    assert len(outcomes) == size.pushes_a_till * size.entries * tills
    flagged = [outcome for outcome in outcomes if outcome.status != "created" or outcome.findings]
    assert not flagged, f"{len(flagged)} entries were not plainly taken in, the first: {flagged[0]}"
