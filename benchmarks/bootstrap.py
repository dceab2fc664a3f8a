"""A till of a store with 1,000,000 members gets its replica: the downloaded snapshot verified, decrypted, unpacked, opened and put in place, by the till's own code.

Beside it, unpacking and writing the same file with nothing around, and inserting the same rows one statement a row. What journal and replica then keep
in memory, without the window, is measured in a process of its own.
"""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

import zstandard

from benchmarks.figures import Better, Figure, Measured
from benchmarks.machine import flush_us
from benchmarks.sample_till import EPOCH, STORE, fill_replica
from stored_value.identity import member_no
from sync import replica_schema
from sync.messages import GLOBAL_SCOPE, SnapshotManifest
from sync.snapshot import file_sha256, pack_file
from terminal.clock import SystemClock
from terminal.replica import Replica

SUMMARY: Final = (
    "a till takes over a snapshot of 1,000,000 members, against unpacking and writing the file, and against row by row"
)
_FIRST_MEMBER: Final = 100_000_000
_READ_SOME: Final = """
import sys
from pathlib import Path
from stored_value.identity import member_no
from terminal.journal import Journal
from terminal.replica import Replica
folder, first, members, step = Path(sys.argv[1]), *map(int, sys.argv[2:])
journal, replica = Journal.open(folder / "journal.db"), Replica.open(folder / "replica.db")
for number in range(0, members, step):
    assert replica.members_by_no(member_no(first + number))
held = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
print(int(held[0].split()[1]) // 1024)
"""


def measure(folder: Path, quick: bool) -> Measured:
    members = 500 if quick else 1_000_000
    plain, packed, key = folder / "plain.db", folder / "packed", Random(3).randbytes(32)
    fill_replica(plain, members, SystemClock())
    pack_file(plain, packed, key, bytes(8))
    manifest = _manifest(plain, packed)
    compressed = folder / "bare.zst"
    with plain.open("rb") as source, compressed.open("wb") as target:
        zstandard.ZstdCompressor(level=3).copy_stream(source, target)
    ours_s = _taken_over(folder / "till", packed, manifest, key, members)
    bare_s = _unpacked(compressed, folder / "bare.db")
    (folder / "bare.db").unlink()
    rows_s = _row_by_row(plain, folder / "rows.db")
    return Measured(
        figures=(
            _figure(ours_s, bare_s, "unpacking and writing the file"),
            _figure(ours_s, rows_s, "the same rows, one statement each"),
        ),
        breakdown={"resident, journal and replica": _resident(folder / "till", members)},
        settings={
            "members": members,
            "plain MiB": round(plain.stat().st_size / 2**20, 1),
            "packed MiB": round(packed.stat().st_size / 2**20, 1),
            "row by row": "INSERT of each member, one commit, synchronous=FULL",
            "one flush, p50 us": round(flush_us(folder)),
        },
        notes=("the download is left out: it is the network's; both hashes are checked and every chunk is decrypted",),
    )


def _figure(ours_s: float, floor_s: float, floor_what: str) -> Figure:
    return Figure(
        what="a snapshot taken over",
        unit="ms",
        value=ours_s * 1e3,
        floor=floor_s * 1e3,
        floor_what=floor_what,
        better=Better.LOWER,
    )


def _manifest(plain: Path, packed: Path) -> SnapshotManifest:
    return SnapshotManifest(
        scope=STORE,
        epoch=EPOCH,
        cursor=1,
        global_cursor=1,
        sha256=file_sha256(packed),
        size_bytes=packed.stat().st_size,
        plain_sha256=file_sha256(plain),
        plain_size_bytes=plain.stat().st_size,
        key_id="",
        as_of=datetime.now(UTC),
    )


def _taken_over(folder: Path, packed: Path, manifest: SnapshotManifest, key: bytes, members: int) -> float:
    """Into a till that has an empty replica."""
    folder.mkdir()
    replica = Replica.open(folder / "replica.db")
    try:
        began = perf_counter()
        staged = replica.stage(packed, manifest, key, GLOBAL_SCOPE)
        replica.become(staged)
        took_s = perf_counter() - began
        assert replica.members_by_no(member_no(_FIRST_MEMBER + members - 1))
    finally:
        replica.close()
    return took_s


def _unpacked(compressed: Path, plain: Path) -> float:
    began = perf_counter()
    with compressed.open("rb") as source, plain.open("wb") as target:
        zstandard.ZstdDecompressor().copy_stream(source, target)
        target.flush()
        os.fsync(target.fileno())
    return perf_counter() - began


def _row_by_row(plain: Path, path: Path) -> float:
    """The members alone, read from the file as they are written: they need not fit into memory."""
    replica_schema.upgrade(path)
    with closing(sqlite3.connect(plain)) as source:
        rows = source.execute("SELECT * FROM members")
        marks = ", ".join("?" * len(rows.description))
        with closing(sqlite3.connect(path)) as target:
            target.execute("PRAGMA synchronous = FULL")
            began = perf_counter()
            for row in rows:
                target.execute(f"INSERT INTO members VALUES ({marks})", row)  # noqa: S608 - marks alone
            target.commit()
    return perf_counter() - began


def _resident(folder: Path, members: int) -> str:
    step = max(1, members // 2_000)
    command = [sys.executable, "-c", _READ_SOME, str(folder), str(_FIRST_MEMBER), str(members), str(step)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return "unknown"
    return f"{int(done.stdout)} MiB after {-(-members // step):,} reads"
