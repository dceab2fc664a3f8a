"""1,000 tills of one store come back after an hour without network and read what they missed: what head office's processor spends on each, and the bytes that each gets.

The pages of an hour, full ones sealed and shared, the last one open. The floor is Python's own file server handing out the same bytes.
"""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, sleep
from typing import Final

import httpx
import msgspec
import zstandard

from benchmarks import served_hq
from benchmarks.figures import Better, Figure, Measured
from benchmarks.machine import processor_s
from benchmarks.pushing_till import PushingTill
from hq_server.database.engine import Database
from hq_server.feed.publishing import publish
from hq_server.wallets.rows import member_rows
from sync.messages import PAGE_ROWS, MemberRow

SUMMARY: Final = (
    "1,000 tills catching up after an hour offline: processor and bytes a till, against a plain file server"
)
_START_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Size:
    tills: int
    rows: int
    members: int


FULL: Final = Size(1_000, 2 * PAGE_ROWS + PAGE_ROWS // 2, 1_000)
QUICK: Final = Size(5, PAGE_ROWS + 5, 50)


def measure(folder: Path, quick: bool) -> Measured:
    size = QUICK if quick else FULL
    (folder / "hq").mkdir()
    office = served_hq.make(folder, f"sqlite:///{folder / 'hq' / 'hq.db'}", size.members)
    code = served_hq.enrolment_codes(office, 1, 1)[0]
    plain = _missed(office, size)
    with served_hq.serving(office) as pid, contextlib.closing(_till(office, code)) as till:
        pages = range(-(-size.rows // PAGE_ROWS))
        paths = [f"/v1/feed/{till.store_id}/{till.epoch}/{page}" for page in pages]
        with httpx.Client(base_url=office.url, headers=till.authorization(), trust_env=False) as client:
            first = [client.get(path).raise_for_status() for path in paths]
            ours = _Spent.by(client, paths, size.tills, pid)
            tags = {
                path: answer.headers["etag"]
                for path, answer in zip(paths, first, strict=True)
                if "etag" in answer.headers
            }
            for path, tag in tags.items():
                assert client.get(path, headers={"If-None-Match": tag}).status_code == httpx.codes.NOT_MODIFIED
    bodies = [answer.content for answer in first]
    with _file_server(folder / "files", bodies) as (url, server), httpx.Client(base_url=url, trust_env=False) as client:
        floor = _Spent.by(client, [f"/{number}" for number in range(len(bodies))], size.tills, server)
    whole = len(zstandard.ZstdCompressor(level=3).compress(plain))
    return Measured(
        figures=(
            _figure(
                "an hour's feed, head office's processor",
                "us a till",
                ours.processor_us,
                floor.processor_us,
                "a file server, same bytes",
            ),
            _figure(
                "an hour's feed, waiting", "us a till", ours.elapsed_us, floor.elapsed_us, "a file server, same bytes"
            ),
            _figure("an hour's feed, sent", "bytes a till", sum(map(len, bodies)), whole, "its rows as one zstd piece"),
        ),
        settings={
            "tills": size.tills,
            "rows missed": size.rows,
            "rows a page": PAGE_ROWS,
            "pages sealed": len(tags),
            "pages open": len(paths) - len(tags),
            "bytes of the rows as JSON": len(plain),
            "tills stand for": "one session that reads as often, one after the other",
        },
        notes=("a sealed page is encoded and sealed once and kept; a cache in front answers it without head office",),
    )


def _figure(what: str, unit: str, value: float, floor: float, floor_what: str) -> Figure:
    return Figure(what=what, unit=unit, value=value, floor=floor, floor_what=floor_what, better=Better.LOWER)


@dataclass(frozen=True, slots=True)
class _Spent:
    """Of one till, in microseconds."""

    processor_us: float
    elapsed_us: float

    @classmethod
    def by(cls, client: httpx.Client, paths: list[str], tills: int, pid: int) -> "_Spent":
        used_s, began = processor_s(pid) or 0.0, perf_counter()
        for _ in range(tills):
            for path in paths:
                client.get(path).raise_for_status()
        elapsed_s = perf_counter() - began
        processor = (processor_s(pid) or 0.0) - used_s
        return cls(max(processor, 0.01) / tills * 1e6, elapsed_s / tills * 1e6)


def _till(office: served_hq.HeadOffice, code: str) -> PushingTill:
    return PushingTill(office.url, code, office.members, Random(1))


def _missed(office: served_hq.HeadOffice, size: Size) -> bytes:
    """Puts the hour's rows into the store's feed; the same rows as plain JSON."""
    database = Database(office.config.database)
    try:
        with database.write() as session:
            known = list(member_rows(session, office.members))
            rows: list[MemberRow] = [known[number % len(known)] for number in range(size.rows)]
            publish(session, "B001", *rows, at=datetime.now(UTC))
    finally:
        database.close()
    return msgspec.json.encode(rows)


@contextlib.contextmanager
def _file_server(folder: Path, bodies: list[bytes]) -> Iterator[tuple[str, int]]:
    folder.mkdir()
    for number, body in enumerate(bodies):
        (folder / str(number)).write_bytes(body)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--protocol", "HTTP/1.1"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(_START_S)


def _wait_for(url: str) -> None:
    deadline = monotonic() + _START_S
    while monotonic() < deadline:
        try:
            httpx.get(f"{url}/0", trust_env=False)
        except httpx.TransportError:
            sleep(0.05)
        else:
            return
    raise RuntimeError("the file server did not start")
