"""A till of a store with 1,000,000 members gets its replica: head office builds the snapshot, the till downloads it over loopback, verifies, decrypts and unpacks
it and puts it in place; both by their own code.

Beside it, unpacking and writing the same file with nothing around, and inserting the same rows one statement a row. What journal and replica then keep
in memory, without the window, is measured in a process of its own, and so is what the building takes.
"""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

import zstandard

from benchmarks import served_hq
from benchmarks.figures import Better, Figure, Measured
from benchmarks.machine import flush_us
from benchmarks.many_members import enter_many
from benchmarks.sample_till import STORE
from hq_server.database.engine import Database
from hq_server.keys.generations import current_key
from hq_server.keys.key_files import load_keys
from hq_server.snapshots.shelf import Shelf
from stored_value.identity import member_no
from sync import replica_schema
from sync.client import HqClient
from sync.messages import GLOBAL_SCOPE, SnapshotManifest
from terminal.replica import Replica

SUMMARY: Final = (
    "a till takes over a snapshot of 1,000,000 members, against unpacking and writing the file, and against row by row"
)
_FIRST_MEMBER: Final = 100_000_000
_PEAK: Final = """
held = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(int(held[0].split()[1]) // 1024)
"""
_BUILD: Final = (
    """
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from hq_server.config import load_config
from hq_server.database.engine import Database
from hq_server.keys.key_files import load_keys
from hq_server.snapshots.builder import SnapshotBuilder
config = load_config(Path(sys.argv[1]))
database = Database(config.database)
builder = SnapshotBuilder(database, load_keys(config.keys), config.snapshots_dir, lambda: datetime.now(UTC))
began = perf_counter()
builder.build(sys.argv[2])
print(perf_counter() - began)
"""
    + _PEAK
)
_READ_SOME: Final = (
    """
import sys
from pathlib import Path
from stored_value.identity import member_no
from terminal.journal import Journal
from terminal.replica import Replica
folder, first, members, step = Path(sys.argv[1]), *map(int, sys.argv[2:])
journal, replica = Journal.open(folder / "journal.db"), Replica.open(folder / "replica.db")
for number in range(0, members, step):
    assert replica.members_by_no(member_no(first + number))
"""
    + _PEAK
)


def measure(folder: Path, quick: bool) -> Measured:
    return _measure(folder, 500 if quick else 100_000)


def measure_full(folder: Path) -> Measured:
    return _measure(folder, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelved:
    """What head office made, and how: seconds, and the most memory in MiB that its process held."""

    manifest: SnapshotManifest
    plain: Path
    key: bytes
    built_s: float
    peak_mib: int


def _measure(folder: Path, members: int) -> Measured:
    database_file = folder / "hq.db"
    office = served_hq.make(folder, f"sqlite:///{database_file}", members=1)
    enter_many(database_file, STORE, members, datetime.now(UTC))
    shelved = _built(office)
    downloaded_s, taken_over_s = _taken_over(folder / "till", office, shelved, members)
    database_file.unlink()
    bare_s = _unpacked(shelved.plain, folder)
    rows_s = _row_by_row(shelved.plain, folder / "rows.db")
    ours_s = downloaded_s + taken_over_s
    return Measured(
        figures=(
            _figure("downloaded and taken over", ours_s, bare_s, "unpacking and writing the file"),
            _figure("downloaded and taken over", ours_s, rows_s, "the same rows, one statement each"),
            _figure("built by head office", shelved.built_s, rows_s, "the same rows, one statement each"),
        ),
        breakdown={
            "download": f"{downloaded_s * 1e3:,.0f} ms",
            "most memory while building": f"{shelved.peak_mib} MiB",
            "most memory of journal and replica": _resident(folder / "till", members),
        },
        settings={
            "members": members,
            "plain MiB": round(shelved.manifest.plain_size_bytes / 2**20, 1),
            "packed MiB": round(shelved.manifest.size_bytes / 2**20, 1),
            "row by row": "INSERT of each member, one commit, synchronous=FULL",
            "head office's database": "SQLite",
            "one flush, p50 us": round(flush_us(folder)),
        },
    )


def _figure(what: str, ours_s: float, floor_s: float, floor_what: str) -> Figure:
    return Figure(
        what=what, unit="ms", value=ours_s * 1e3, floor=floor_s * 1e3, floor_what=floor_what, better=Better.LOWER
    )


def _built(office: served_hq.HeadOffice) -> _Shelved:
    command = [sys.executable, "-c", _BUILD, str(office.config_file), STORE]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    built_s, peak_mib = done.stdout.split()
    shelf = Shelf(office.config.snapshots_dir)
    manifest, plain = shelf.latest(STORE), shelf.plain(STORE)
    assert manifest is not None
    assert plain is not None
    with closing(Database(office.config.database)) as database, database.read() as session:
        key = current_key(session, load_keys(office.config.keys), STORE).key
    return _Shelved(manifest=manifest, plain=plain, key=key, built_s=float(built_s), peak_mib=int(peak_mib))


def _taken_over(folder: Path, office: served_hq.HeadOffice, shelved: _Shelved, members: int) -> tuple[float, float]:
    """Seconds of the download and of everything after it, into a till that has an empty replica."""
    folder.mkdir()
    packed = folder / "download"
    replica = Replica.open(folder / "replica.db")
    try:
        with served_hq.serving(office), closing(HqClient(office.url)) as client:
            began = perf_counter()
            client.download_snapshot(shelved.manifest, packed)
            downloaded = perf_counter()
        unpacking = perf_counter()
        staged = replica.stage(packed, shelved.manifest, shelved.key, GLOBAL_SCOPE)
        replica.become(staged)
        taken_over_s = perf_counter() - unpacking
        assert replica.members_by_no(member_no(_FIRST_MEMBER + members - 1))
    finally:
        replica.close()
    packed.unlink()
    return downloaded - began, taken_over_s


def _unpacked(plain: Path, folder: Path) -> float:
    compressed, again = folder / "bare.zst", folder / "bare.db"
    with plain.open("rb") as source, compressed.open("wb") as target:
        zstandard.ZstdCompressor(level=3).copy_stream(source, target)
    began = perf_counter()
    with compressed.open("rb") as source, again.open("wb") as target:
        zstandard.ZstdDecompressor().copy_stream(source, target)
        target.flush()
        os.fsync(target.fileno())
    took_s = perf_counter() - began
    compressed.unlink()
    again.unlink()
    return took_s


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
    took_s = perf_counter() - began
    path.unlink()
    return took_s


def _resident(folder: Path, members: int) -> str:
    step = max(1, members // 2_000)
    command = [sys.executable, "-c", _READ_SOME, str(folder), str(_FIRST_MEMBER), str(members), str(step)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return f"{int(done.stdout)} MiB after {-(-members // step):,} reads"
