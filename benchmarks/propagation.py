"""Committed at till A, spendable at till B: 1,000 connected tills wait on the live channel of one head office, while customers of one store pay in another.

Measured from the moment when A's payment was due until each till of the store that knows the member has the new row committed in its replica, from where a payment is decided.
The floor is the answer that A itself gets.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Final

from benchmarks import served_hq
from benchmarks.figures import Better, Figure, Measured
from benchmarks.hq_ingest import wait_for_the_feed
from benchmarks.latency import percentile_us
from benchmarks.machine import flush_us, processor_s
from benchmarks.pushing_till import PushingTill
from benchmarks.raw_insert import RawPostgres
from benchmarks.served_hq import HeadOffice
from benchmarks.waiting_till import LOOK_S, WaitingTill
from stored_value.identity import MemberId
from tests.postgres import running_postgres

SUMMARY: Final = "1,000 connected tills: committed at till A until spendable at till B, against A's own answer"
_ENROLLED_AT_ONCE: Final = 8
_HEARD_S: Final = 30.0
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Size:
    """`busy_stores`: so many of the stores are paid in, and as many others know the payers."""

    tills: int
    stores: int
    busy_stores: int
    payments: int
    payments_a_second: float


FULL: Final = Size(1_000, 250, 10, 300, 10.0)
QUICK: Final = Size(8, 4, 2, 6, 10.0)


@dataclass(frozen=True, slots=True)
class _Payment:
    member_id: MemberId
    sent: float
    answered: float


@dataclass(frozen=True, slots=True)
class _Run:
    """`heard_us`: of each payment and each till of the store that knows the payer; `barred_us`: of a lost card and every till.
    `processor` is head office's share of one processor while there were payments."""

    answered_us: list[float]
    heard_us: list[float]
    barred_us: list[float]
    woken: int
    processor: float


def measure(folder: Path, quick: bool) -> Measured:
    size = QUICK if quick else FULL
    with running_postgres(durable=True) as server, server.database() as url:
        office = served_hq.make(folder, url, size.payments)
        with (
            contextlib.closing(RawPostgres(url)) as raw,
            served_hq.serving(office) as pid,
            _payers(office, size) as paid,
        ):
            wait_for_the_feed(raw)
            run = asyncio.run(_run(office, size, paid, pid, folder))
    return _measured(folder, size, run)


@dataclass(frozen=True, slots=True)
class _Payers:
    """Who pays, at which till, and who knows of it."""

    tills: Sequence[PushingTill]
    known_in: dict[MemberId, str]


@contextlib.contextmanager
def _payers(office: HeadOffice, size: Size) -> Iterator[_Payers]:
    """Topped up in the second half of the busy stores; their payments in the first half are journalled and not sent yet."""
    codes = served_hq.enrolment_codes(office, 2 * size.busy_stores, 2 * size.busy_stores)
    with contextlib.ExitStack() as stack:
        tills: list[PushingTill] = []
        for place, code in enumerate(codes):
            own = office.members[place % size.busy_stores :: size.busy_stores]
            tills.append(PushingTill(office.url, code, own, Random(place)))
            stack.callback(tills[-1].close)
        selling, knowing = tills[: size.busy_stores], tills[size.busy_stores :]
        known_in: dict[MemberId, str] = {}
        for seller, till in zip(selling, knowing, strict=True):
            till.fund(len(till.members))
            till.send()
            known_in |= dict.fromkeys(till.members, till.store_id)
            seller.journal_one_each()
        yield _Payers(selling, known_in)


async def _run(office: HeadOffice, size: Size, paid: _Payers, pid: int, folder: Path) -> _Run:
    connected = await _connected(office, size, frozenset(paid.known_in.values()), folder)
    tills, following = list(connected), list(connected.values())
    used_s, began = processor_s(pid) or 0.0, perf_counter()
    payments = await asyncio.to_thread(_pay, paid.tills, size)
    processor = ((processor_s(pid) or 0.0) - used_s) / (perf_counter() - began)
    listening = [
        (payment, till) for payment in payments for till in tills if till.store_id == paid.known_in[payment.member_id]
    ]
    await _all_heard(lambda: all(each.member_id in till.seen for each, till in listening), following)
    lost, reported = await asyncio.to_thread(_report_lost, paid.tills[0])
    await _all_heard(lambda: all(lost in till.blocked for till in tills), following)
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    return _Run(
        [(payment.answered - payment.sent) * 1e6 for payment in payments],
        [(till.seen[payment.member_id] - payment.sent) * 1e6 for payment, till in listening],
        [(till.blocked[lost] - reported) * 1e6 for till in tills],
        sum(till.woken for till in tills),
        processor,
    )


async def _connected(
    office: HeadOffice, size: Size, knowing: Collection[str], folder: Path
) -> dict[WaitingTill, "asyncio.Task[None]"]:
    """Those of the stores that are `knowing` keep a replica. Each waits as soon as it is enrolled: head office closes a line on which nothing is asked."""
    codes = iter(served_hq.enrolment_codes(office, size.tills, size.stores))
    tills: dict[WaitingTill, asyncio.Task[None]] = {}

    async def enrol() -> None:
        for code in codes:
            till = await WaitingTill.enrolled(office.config.host, office.config.port, code)
            if till.store_id in knowing:
                await till.keep(folder)
            await till.begin()
            tills[till] = asyncio.create_task(till.follow())

    await asyncio.gather(*(enrol() for _ in range(_ENROLLED_AT_ONCE)))
    return tills


def _pay(tills: Sequence[PushingTill], size: Size) -> list[_Payment]:
    """Each till in turn, at moments fixed beforehand: a slow head office gets no pause."""
    began = perf_counter()

    def pay(place: int, till: PushingTill) -> list[_Payment]:
        made = []
        for number, (member_id, push) in enumerate(zip(till.members, till.pushes, strict=True)):
            due = began + (number * len(tills) + place) / size.payments_a_second
            sleep(max(0.0, due - perf_counter()))
            till.push(push)
            made.append(_Payment(member_id, due, perf_counter()))
        return made

    with ThreadPoolExecutor(len(tills)) as pool:
        return list(itertools.chain.from_iterable(pool.map(pay, range(len(tills)), tills)))


def _report_lost(till: PushingTill) -> tuple[MemberId, float]:
    """Whose card, and when it was sent."""
    till.journal_loss(till.members[0])
    reported = perf_counter()
    till.push(till.pushes[-1])
    return till.members[0], reported


async def _all_heard(is_heard: Callable[[], bool], following: Sequence["asyncio.Task[None]"]) -> None:
    deadline = perf_counter() + _HEARD_S
    while not is_heard():
        for task in following:
            if task.done():
                task.result()
        if perf_counter() > deadline:
            raise RuntimeError(f"not every till had heard of everything after {_HEARD_S:.0f} s")
        await asyncio.sleep(_LOOK_S)


def _measured(folder: Path, size: Size, run: _Run) -> Measured:
    def percent(times: Sequence[float], percent: int) -> float:
        return percentile_us([round(each * 1000) for each in times], percent) / 1000

    barred = tuple(
        Figure(
            what=f"a lost card told at A until barred at {size.tills:,} tills, p{each}",
            unit="ms",
            value=percent(run.barred_us, each),
            floor=percent(run.answered_us, 50),
            floor_what="A's own answer to a payment, p50",
            better=Better.LOWER,
            decimals=1,
        )
        for each in (50, 100)
    )
    return Measured(
        figures=tuple(
            Figure(
                what=f"committed at A until spendable at B, p{each}",
                unit="ms",
                value=percent(run.heard_us, each),
                floor=percent(run.answered_us, each),
                floor_what=f"A's own answer, p{each}",
                better=Better.LOWER,
                decimals=1,
            )
            for each in (50, 99)
        )
        + barred,
        breakdown={
            "slowest": f"{max(run.heard_us) / 1000:,.0f} ms",
            "head office's processor": f"{run.processor:.0%} of one",
            "times a till was woken": f"{run.woken:,}",
        },
        settings={
            "engine": "PostgreSQL, its defaults: fsync and synchronous_commit on",
            "tills connected": size.tills,
            "stores": size.stores,
            "payments": size.payments,
            "payments a second": size.payments_a_second,
            "moments heard": len(run.heard_us),
            "a woken till asks": "the feeds that moved, new grants, and the live channel again",
            "each till looks by itself every": f"{LOOK_S:.0f} s",
            "server": "1 process (uvicorn), all tills in another",
            "one flush, p50 us": round(flush_us(folder)),
        },
        notes=(
            "spendable: committed in B's replica; A's own commit of the payment, made before, is the benchmark `till`'s",
            "from the moment at which the payment was due, so a head office that falls behind is charged for it",
        ),
    )
