"""A till as a machine: the product's `Station` stepped on this thread, with a cashier before it, a wire, a disk and a roll of paper. It can die at any named step,
lose its replica, be cloned, and have its clock set; what it had committed is there again when it comes back.

What dies is copied at that very moment, and the machine rises from the copy: whatever the dying process still did is undone.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import httpx

from stored_value.refusals import Refusal
from sync.messages import GLOBAL_SCOPE
from terminal.clock import SimulatedClock
from terminal.config import PrinterConfig, TillConfig
from terminal.counter import Counter
from terminal.devices.framing import Rejected
from terminal.language import Language
from terminal.station import Station, World
from tongchu.simulation.at_rest import PIN, QUICK
from tongchu.simulation.disk import Disk
from tongchu.simulation.record import Record
from tongchu.simulation.scenario import HQ_URL, IDLE_S, RETRY_TIMES
from tongchu.simulation.sudden_death import TILL_LOGGERS, SuddenDeath, dying_at
from tongchu.simulation.virtual_time import VirtualTime

T = TypeVar("T")


def machine_mark(label: str) -> str:
    """A copied disk is in another machine (H6)."""
    return hashlib.sha256(label.encode()).hexdigest()


FLOAT_MINOR: Final = 50_000
ONLINE_READ_S: Final = 0.001
"""So short that head office does not wait for a lease to come back while it answers: in one thread nobody else could bring it."""
RESERVE_BYTES: Final = 64 * 1024
"""Given up and taken again as in a shop; its size says nothing where SQLite itself is told that the disk is full, and on a RAM disk each page of it is written."""
_KEPT: Final = ("journal.db", "replica.db", "replica.db.staged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What every till shares."""

    time: VirtualTime
    record: Record
    make_station: Callable[..., Station] = Station


class TillMachine:
    """`label` is the machine's, `terminal_id` what it believes to be: a clone has another label. `doom`: the step at which it dies next."""

    def __init__(
        self, label: str, folder: Path, around: Around, clock: SimulatedClock, transport: httpx.BaseTransport
    ) -> None:
        self.label = label
        self.terminal_id = label.partition("'")[0]
        self.folder = folder
        self.paper = folder.with_name(f"{folder.name}.paper")
        self.clock = clock
        self.disk = Disk()
        self.doom: str | None = None
        self.scrapped = False
        self._woken: Callable[[], None] = _nobody_wakes
        self._around = around
        self._transport = transport
        self._signed_in = False
        self._syncing = False
        self._open()

    @property
    def store_id(self) -> str:
        return self.terminal_id.partition("-")[0]

    @property
    def counter(self) -> Counter:
        return self.station.counter

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Called after every new entry, through all lives of the machine, but for those of its own cycles."""
        self._woken = wake

    def note(self, line: str) -> None:
        self._around.record.note(self._around.time(), f"{self.label} {line}")

    def count(self, what: str) -> None:
        self._around.record.count(what)

    def do(self, work: Callable[[], T]) -> T | None:
        """None: it died over it, and is up again with nobody signed in."""
        if self.doom is None:
            return work()
        doom = self.doom
        try:
            with dying_at(doom, TILL_LOGGERS, self._copy_what_is_committed):
                return work()
        except SuddenDeath:
            self.doom = None
            self.note(f"dies at {doom}")
            self.count("till crash")
            self.count(f"till crash at {doom}")
            self._rise()
            return None

    def sync(self) -> float:
        """One cycle; how long until the next, unless something happens before."""
        self._syncing = True
        wait_s = self.do(self.station.sync_once)
        self._syncing = False
        if wait_s is None:
            return 5.0
        return IDLE_S if self.online else wait_s * RETRY_TIMES

    @property
    def online(self) -> bool:
        return self.station.sync_status().online

    def state(self) -> tuple[object, ...]:
        """How far journal and replica have come; equal states show equal views."""
        journal, replica = self.station.journal, self.station.replica
        cursors = (replica.cursor(GLOBAL_SCOPE), replica.cursor(self.store_id))
        return journal.head(), journal.outcomes.settled_through(), journal.head_office.epoch, *cursors

    def listen(self) -> None:
        """Hears on the live channel what head office wants back."""
        self.do(self.station.listen_once)

    def print_out(self) -> None:
        self.do(self.station.print_waiting)

    def at_work(self) -> bool:
        """Somebody is signed in and a shift is open; False when the till does not let him."""
        return bool(self.do(self._begin_work))

    def close_shift(self, chance: Random) -> None:
        if not self.at_work():
            return
        counted = FLOAT_MINOR + chance.randrange(100) * 100
        report = self.do(lambda: self.counter.close_shift(counted))
        if isinstance(report, Refusal):
            self.count(f"refused {report.code.value}")
        elif report is not None:
            self.count("shift_closed")
        self.print_out()

    def restart(self) -> None:
        self.station.close()
        self._open()

    def lose_replica(self) -> None:
        """Somebody deleted the file, or its disk block went bad."""
        self.station.close()
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"replica.db{suffix}").unlink(missing_ok=True)
        self._open()

    def set_clock(self, by: timedelta) -> None:
        self.clock.set_wall(self.clock.now() + by)

    def clone(self, label: str, clock: SimulatedClock, transport: httpx.BaseTransport) -> "TillMachine":
        """A second machine from this one's disk, key and all."""
        folder = self.folder.with_name(label.replace("'", "-clone-"))
        self.station.close()
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.lock", "*.reserve"))
        self._open()
        clone = TillMachine(label, folder, self._around, clock, transport)
        if self.paper.exists():
            # What was printed until now is the past of both.
            shutil.copyfile(self.paper, clone.paper)
        return clone

    def close(self) -> None:
        self.station.close()

    def _open(self) -> None:
        config = TillConfig(
            data_dir=self.folder,
            hq_url=HQ_URL,
            online_read_s=ONLINE_READ_S,
            printers=(PrinterConfig(name="counter", target=f"file://{self.paper}", profile="generic-80"),),
        )
        self.station = self._around.make_station(
            config,
            self.clock,
            on_scanned=_nobody_scans,
            on_scan_rejected=_nobody_scans,
            language=lambda: Language.ZH_CN,
            world=World(
                transport=self._transport,
                open_journal_file=self.disk.opener,
                machine=lambda: machine_mark(self.label),
                reserve_bytes=RESERVE_BYTES,
                pin_cost=QUICK,
            ),
        )
        self.station.journal.after_commit(self._committed)
        self._signed_in = False

    def _committed(self) -> None:
        """What a cycle commits itself, it also sends itself."""
        if not self._syncing:
            self._woken()

    def _begin_work(self) -> bool:
        if not self._signed_in:
            tile = next(iter(self.counter.staff()), None)
            if tile is None:
                self.count("refused no staff list")
                return False
            if self._refused(self.counter.sign_in(tile.staff_id, PIN)):
                return False
            self._signed_in = True
        if self.station.journal.shifts.current() is not None:
            if self.counter.status().shift_left_s != 0:
                return True
            if self._refused(self.counter.close_shift(FLOAT_MINOR)):
                return False
            self.count("shift_closed_late")
        opened = self.counter.open_shift(FLOAT_MINOR)
        if self._refused(opened):
            return False
        self.count("shift_opened")
        self.station.print_waiting()
        return True

    def _refused(self, answer: object) -> bool:
        if isinstance(answer, Refusal):
            self.count(f"refused {answer.code.value}")
            self.note(f"refused {answer.code.value}")
            return True
        return False

    def _copy_what_is_committed(self) -> None:
        grave = self._grave
        shutil.rmtree(grave, ignore_errors=True)
        grave.mkdir()
        for path in self._files():
            if not path.name.endswith("-shm"):
                shutil.copyfile(path, grave / path.name)

    def _rise(self) -> None:
        self.station.close()
        for path in self._files():
            path.unlink()
        for kept in self._grave.iterdir():
            kept.replace(self.folder / kept.name)
        self._open()

    def _files(self) -> list[Path]:
        """What a crash leaves: the files, their logs, and a snapshot on its way."""
        named = [self.folder / f"{name}{suffix}" for name in _KEPT for suffix in ("", "-wal", "-shm")]
        return [path for path in (*named, *self.folder.glob("snapshot-*.part")) if path.exists()]

    @property
    def _grave(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.grave")


def _nobody_wakes() -> None:
    """Until the world says who."""


def _nobody_scans(_: str | Rejected) -> None:
    """Codes are handed to the counter directly."""
