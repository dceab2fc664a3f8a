"""64 tills push 500 events at once into PostgreSQL as it comes: a usual day, then spending alone: members of one till each, members who come
to every till, and all events on ten who do.

Everything is inside: HTTP, decoding, chain, rules, postings, outbox, commit; the feed is filled meanwhile. Refused or flagged work fails the run.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

from benchmarks import served_hq
from benchmarks.figures import Better, Figure, Measured
from benchmarks.hq_ingest import per_event, wait_for_the_feed
from benchmarks.machine import flush_us, processor_s
from benchmarks.postgres_floors import LEDGER_SETTINGS, PGBENCH_SETTINGS, ledger_rate, pgbench_rate
from benchmarks.pushing_till import PushingTill
from benchmarks.raw_insert import RawPostgres
from benchmarks.served_hq import HeadOffice
from stored_value.identity import MemberId
from sync.messages import PUSH_ENTRIES_MAX, PushReply
from tests.postgres import Server, running_postgres

SUMMARY: Final = (
    "64 tills push at once into PostgreSQL, against pgbench and a plain SQL ledger; hot members; the same again"
)
HOT_MEMBERS: Final = 10
"""They come to every till, and so into every store's feed."""
_FUNDED_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Size:
    """`everywhere`: so many others who come to every till as the ten do, with as many top-ups in their wallets."""

    tills: int
    stores: int
    members: int
    everywhere: int
    pushes_a_till: int
    spending_pushes: int
    entries: int
    pgbench_s: int
    ledger_batches: int


Customers = Callable[[HeadOffice, Size, int], Sequence[MemberId]]
"""Who comes to the till of that number."""
FULL: Final = Size(64, 16, 64 * 400, 640, 2, 1, PUSH_ENTRIES_MAX, 10, 200)
QUICK: Final = Size(4, 2, 4 * 40, 20, 2, 1, 40, 1, 4)


@dataclass(frozen=True, slots=True)
class _Run:
    """Seconds until the last reply, until the feed and the totals were whole, and of head office's processor until then."""

    seconds: float
    whole_s: float
    server_s: float | None
    replies: list[PushReply]
    slowest_s: float
    told_busy: int

    @property
    def events(self) -> int:
        return sum(len(reply.outcomes) for reply in self.replies)

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def whole_rate(self) -> float:
        """Totals, feed and everything."""
        return self.events / self.whole_s


def measure(folder: Path, quick: bool) -> Measured:
    size = QUICK if quick else FULL
    with running_postgres(durable=True) as server, server.database() as url:
        office = served_hq.make(folder, url, size.members)
        with contextlib.closing(RawPostgres(url)) as raw, served_hq.serving(office) as pid:
            day = _pushed(raw, pid, size, _day_tills(office, size))
            runs = {"day": day} | {
                name: _pushed(raw, pid, size, _spending_tills(office, size, come))
                for name, come in (("spread", _own), ("hot", _hot), ("everywhere", _everywhere))
            }
            deadlocks = raw.deadlocks()
        assert not deadlocks, f"{deadlocks} batches waited for each other"
        return _measured(folder, server, size, runs)


@dataclass(frozen=True, slots=True)
class _Both:
    """The pushes and the same again."""

    first: _Run
    again: _Run


@contextlib.contextmanager
def _day_tills(office: HeadOffice, size: Size) -> Iterator[list[PushingTill]]:
    with contextlib.ExitStack() as stack:
        tills = []
        for place, code in enumerate(_codes(office, size)):
            till = PushingTill(office.url, code, office.members[place :: size.tills], Random(place))
            stack.callback(till.close)
            till.journal(size.pushes_a_till, size.entries)
            tills.append(till)
        yield tills


@contextlib.contextmanager
def _spending_tills(office: HeadOffice, size: Size, come: Customers) -> Iterator[list[PushingTill]]:
    """New tills; what their members spend was topped up before, and is not measured."""
    with contextlib.ExitStack() as stack:
        tills = []
        for place, code in enumerate(_codes(office, size)):
            till = PushingTill(office.url, code, come(office, size, place), Random(place))
            stack.callback(till.close)
            till.fund(size.entries)
            tills.append(till)
        with ThreadPoolExecutor(_FUNDED_AT_ONCE) as pool:
            list(pool.map(PushingTill.send, tills))
        for till in tills:
            till.pushes.clear()
            till.journal_spending(size.spending_pushes, size.entries)
        yield tills


def _own(office: HeadOffice, size: Size, place: int) -> Sequence[MemberId]:
    """Those who come to this till alone."""
    own = _others(office)[place :: size.tills]
    return own[len(own) // 2 :]


def _everywhere(office: HeadOffice, size: Size, _place: int) -> Sequence[MemberId]:
    return _others(office)[-size.everywhere :]


def _hot(office: HeadOffice, _size: Size, _place: int) -> Sequence[MemberId]:
    return office.members[-HOT_MEMBERS:]


def _others(office: HeadOffice) -> Sequence[MemberId]:
    return office.members[:-HOT_MEMBERS]


def _codes(office: HeadOffice, size: Size) -> list[str]:
    return served_hq.enrolment_codes(office, size.tills, size.stores)


def _pushed(
    raw: RawPostgres,
    pid: int,
    size: Size,
    made: contextlib.AbstractContextManager[list[PushingTill]],
) -> _Both:
    with made as tills, ThreadPoolExecutor(size.tills) as pool:
        wait_for_the_feed(raw)
        first = _run(pool, tills, raw, pid)
        again = _run(pool, tills, raw, pid)
    sent = sum(len(push.entries) for till in tills for push in till.pushes)
    _check(first, "created", sent)
    _check(again, "exists", sent)
    return _Both(first, again)


def _run(pool: ThreadPoolExecutor, tills: Sequence[PushingTill], raw: RawPostgres, pid: int) -> _Run:
    used_s, busy = processor_s(pid), sum(till.told_busy for till in tills)
    began = perf_counter()
    sent = list(pool.map(PushingTill.send, tills))
    seconds = perf_counter() - began
    wait_for_the_feed(raw)
    whole_s, now_used_s = perf_counter() - began, processor_s(pid)
    return _Run(
        seconds,
        whole_s,
        None if used_s is None or now_used_s is None else now_used_s - used_s,
        [reply for replies, _ in sent for reply in replies],
        max(each for _, times in sent for each in times),
        sum(till.told_busy for till in tills) - busy,
    )


def _check(run: _Run, status: str, sent: int) -> None:
    outcomes = [outcome for reply in run.replies for outcome in reply.outcomes]
    assert len(outcomes) == sent
    flagged = [each for each in outcomes if each.status != status or each.findings]
    assert not flagged, f"{len(flagged)} entries were not plainly {status}, the first: {flagged[0]}"


def _measured(folder: Path, server: Server, size: Size, runs: dict[str, _Both]) -> Measured:
    day, spread, everywhere, hot = runs["day"], runs["spread"].first, runs["everywhere"].first, runs["hot"].first
    ten, many = f"spending, all on {HOT_MEMBERS} members", f"{size.everywhere} members, at every till too"
    tpc_b = pgbench_rate(server, seconds=size.pgbench_s)
    ledger = ledger_rate(server, batches=size.ledger_batches)
    return Measured(
        figures=(
            _rate("64 tills, a usual day, until answered", day.first.rate, tpc_b, "pgbench"),
            _rate("64 tills, a usual day, until answered", day.first.rate, ledger, "a plain SQL ledger, set-based"),
            _rate("64 tills, a usual day, totals and feed whole", day.first.whole_rate, tpc_b, "pgbench"),
            _rate("the same day again", day.again.rate, day.first.rate, "the first time"),
            _rate(f"{ten}, answered", hot.rate, everywhere.rate, many),
            _rate(f"{ten}, feed whole", hot.whole_rate, everywhere.whole_rate, many),
            _rate(f"{ten}, answered", hot.rate, spread.rate, "members of one till each"),
            _rate(f"{ten}, feed whole", hot.whole_rate, spread.whole_rate, "members of one till each"),
        ),
        breakdown={
            f"head office's processor, {name}": per_event(both.first.server_s, both.first.events)
            for name, both in runs.items()
        }
        | {f"slowest push, {name}": f"{both.first.slowest_s * 1000:,.0f} ms" for name, both in runs.items()}
        | {f"told to come again, {name}": str(both.first.told_busy) for name, both in runs.items()},
        settings={
            "engine": "PostgreSQL, its defaults: fsync and synchronous_commit on",
            "tills": size.tills,
            "stores": size.stores,
            "members": size.members,
            "events of the day": day.first.events,
            "events of each spending": hot.events,
            "events a push": size.entries,
            "a usual day": "30% top-ups, 60% redemptions of 3 lines, 10% refunds",
            "spending": "90% redemptions of 3 lines, 10% refunds",
            "pgbench": PGBENCH_SETTINGS,
            "plain SQL ledger": LEDGER_SETTINGS,
            "server": "1 process (uvicorn), all tills in another; no deadlock in any run",
            "one flush, p50 us": round(flush_us(folder)),
        },
        notes=("one Python process of head office settles everything: see docs/BENCHMARKS.md for where its time goes",),
    )


def _rate(what: str, value: float, floor: float, floor_what: str) -> Figure:
    return Figure(what=what, unit="events/s", value=value, floor=floor, floor_what=floor_what, better=Better.HIGHER)
