"""Owns an hour at a till as a process of its own: the real station with its spool, mirror and sync threads, worked by one cashier on a disk that disk_shim.c keeps.

`python -m tests.crash.played_hour` under LD_PRELOAD reads hours to play from stdin, one JSON object a line, forks for each, and answers a line when that hour is over.
What the counter acknowledged goes to the disk's log at that moment (`ack`, the entry's bytes), as does each step of the product (`step`).
"""

import ctypes
import gc
import hmac
import json
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from printers.simulated import SimulatedNetworkPrinter
from stored_value.events import RefundLine
from stored_value.identity import EventId, MemberId, member_no
from stored_value.refusals import Refusal
from sync.keys import encode_bytes
from terminal.config import PrinterConfig, TillConfig
from terminal.counter.views import Completed, ShiftReport
from terminal.journal import JournalError
from terminal.replica import ReplicaError
from terminal.station import Station
from terminal.till_directory import KeyFileUnusable, TillDirectory
from tests.crash.kill_at import STEP_LOGGERS
from tests.terminal.counter.head_office import KEYS
from tests.terminal.counter.till import CASHIER, PIN, Till, cash, lines, member_row, staff_row, wallet_of
from tests.waiting import until

T = TypeVar("T")
START_ERRORS = (JournalError, ReplicaError, KeyFileUnusable)
"""What `tongchu till run` says in words when it cannot start."""
CUSTOMERS = tuple(MemberId(f"019ab000-0000-7000-8000-00000000010{number}") for number in range(5))
BEGAN_WITH_MINOR = 60_000
_PEPPER = b"p" * 32
_VERIFIER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(hmac.digest(_PEPPER, PIN.encode(), "sha256"))
_HUNG_AFTER_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """`nth` 0: a sound disk; else the change that fails, counted from the start of the till. `weak`: SQLite is told not to flush each commit."""

    folder: str
    log: str
    rounds: int
    nth: int = 0
    full: bool = False
    once: bool = False
    weak: bool = False


@dataclass(slots=True, kw_only=True)
class Told:
    """How the hour went. `refused`: codes; `broken`: tracebacks that reached the cashier; `unstarted`: why the till could not start, in its words;
    `stuck`: what did not come right after the disk was mended."""

    acknowledged: int = 0
    changes: int = 0
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unstarted: str = ""
    stuck: str = ""


class StationTill(Till):
    """The till of the counter's tests with the whole station behind it. `restart` is a power-off in good order."""

    def __init__(self, root: Path, printer_target: str = "tcp://127.0.0.1:1") -> None:
        printer = PrinterConfig(name="front", target=printer_target, profile="generic-80")
        self._config = TillConfig(
            data_dir=root / "till", mirror=root / "stick", printers=(printer,), hq_url="http://127.0.0.1:1"
        )
        super().__init__(root / "till")

    def _open(self) -> None:
        def ignore(_: object) -> None:
            """Nobody scans here."""

        self.station = Station(
            self._config, self.clock, on_scanned=ignore, on_scan_rejected=ignore, language=lambda: self.language
        )
        self.journal, self.replica, self.counter = self.station.journal, self.station.replica, self.station.counter

    def close(self) -> None:
        self.station.close()


def furnish(root: Path) -> None:
    """`root`/till: enrolled, with its keys, members and staff. `root`/stick: a folder for the mirror."""
    (root / "stick").mkdir(parents=True)
    till = Till(root / "till")
    till.feed(
        staff_row(CASHIER, "张敏", "cashier", verifier=_VERIFIER),
        *(
            member_row(
                wallet_of(50_000, BEGAN_WITH_MINOR - 50_000, member_id=member_id), member_no(100_000_101 + place)
            )
            for place, member_id in enumerate(CUSTOMERS)
        ),
    )
    till.close()
    directory = TillDirectory(root / "till")
    directory.terminal_key(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    directory.keep_shared_secrets(encode_bytes(_PEPPER), encode_bytes(KEYS.phone_tag_key))


class Disk:
    """The shim's switches, in the process that it is loaded into."""

    def __init__(self) -> None:
        self._shim = ctypes.CDLL(None)
        self._shim.disk_fail.argtypes = (ctypes.c_int64, ctypes.c_int, ctypes.c_int)
        self._shim.disk_changes.restype = ctypes.c_int64

    def record(self, folder: str, log: str) -> None:
        self._shim.disk_record(folder.encode(), log.encode())

    def mark(self, word: str, data: bytes) -> None:
        text = word.encode() + b" " + data
        self._shim.disk_mark(text, len(text))

    def fail(self, nth: int, *, full: bool, once: bool) -> None:
        self._shim.disk_fail(nth, full, once)

    def heal(self) -> None:
        self._shim.disk_heal()

    def changes(self) -> int:
        return int(self._shim.disk_changes())


class _StepMarks(logging.Handler):
    def __init__(self, disk: Disk) -> None:
        super().__init__(logging.DEBUG)
        self._disk = disk

    def emit(self, record: logging.LogRecord) -> None:
        step = getattr(record, "step", "")
        if step:
            self._disk.mark("step", step.encode())


class Cashier:
    """Works one till for an hour, tries what was refused once more, and writes down what he was told."""

    def __init__(self, till: StationTill, disk: Disk, told: Told) -> None:
        self._till = till
        self._disk = disk
        self._told = told
        self._chance = random.Random(20261123)
        self._purchases: list[EventId] = []
        self._head_office_answers = True
        self._rounds = 0

    def begin(self) -> None:
        self._till.station.start()
        self.stand_at_the_till()

    def stand_at_the_till(self) -> None:
        """Signed in, in an open shift."""
        for _ in range(3):
            self._till.pass_time(minutes=10)  # a PIN that could not be noted counts as wrong, and wrong ones wait
            if self._try(lambda: self._till.counter.sign_in(CASHIER, PIN)) is not None:
                break
        if self._till.journal.shifts.current() is None:
            self._try(lambda: self._till.counter.open_shift(50_000))

    def work(self, rounds: int) -> None:
        """Goes on counting where the work before left off, so that a short hour has everything in it too."""
        counter, chance = self._till.counter, self._chance
        for number in range(self._rounds, self._rounds + rounds):
            self._till.pass_time(seconds=chance.randint(5, 60))
            self._serve(chance.choice(CUSTOMERS))
            if number % 3 == 2 and self._purchases:
                self._take_back(self._purchases.pop(0))
            if number % 4 == 3:
                self._try(lambda: counter.reprint(self._till.journal.head().seq))
                self._try(counter.print_x_report)
            if number % 6 == 5:
                self._enrol(f"137{chance.randrange(10**8):08d}")
            if number % 3 == 2:
                self._hear_from_head_office()
        self._rounds += rounds

    def close_shift(self) -> None:
        self._try(lambda: self._till.counter.close_shift(50_000))

    def sell(self) -> Completed | None:
        return self._act(lambda action: self._till.counter.top_up(action, CUSTOMERS[0], 100, (cash(100),), None))

    def _serve(self, member_id: MemberId) -> None:
        counter = self._till.counter
        self._act(lambda action: counter.top_up(action, member_id, 1_000, (cash(1_000),), None))
        bought = self._act(lambda action: counter.redeem(action, member_id, lines(150, 90), True))
        if bought is not None:
            self._purchases.append(bought.event_id)

    def _take_back(self, purchase_id: EventId) -> None:
        back = (RefundLine(line_no=1, amount_minor=70),)
        self._act(lambda action: self._till.counter.refund(action, purchase_id, back, "退货"))

    def _enrol(self, phone: str) -> None:
        self._act(lambda action: self._till.counter.enrol_member(action, "新会员", phone))

    def _hear_from_head_office(self) -> None:
        """Outcomes and a page of the feed. When it breaks off, head office is out of reach for the rest of the hour."""
        if not self._head_office_answers:
            return
        try:
            settled, head = self._till.journal.outcomes.settled_through(), self._till.journal.head().seq
            if head == settled:
                return
            self._till.journal.outcomes.record_push(settled + 1, head)
            self._till.settle_and_follow()
        except (JournalError, ReplicaError):
            self._head_office_answers = False

    def _act(self, act: Callable[[EventId], Completed | Refusal]) -> Completed | None:
        action = self._till.counter.new_action()
        return self._try(lambda: act(action))

    def _try(self, act: Callable[[], T | Refusal]) -> T | None:
        for _ in range(2):
            try:
                answer = act()
            except Exception:
                self._told.broken.append(traceback.format_exc())
                return None
            if not isinstance(answer, Refusal):
                self._acknowledged(answer)
                return answer
            self._told.refused.append(answer.code.value)
        return None

    def _acknowledged(self, answer: object) -> None:
        seq = answer.seq if isinstance(answer, Completed | ShiftReport) else None
        entry = None if seq is None else self._till.journal.entry(seq)
        if entry is not None:
            self._told.acknowledged += 1
            self._disk.mark("ack", entry.raw)


def play(hour: Hour, disk: Disk) -> Told:
    told = Told()
    root = Path(hour.folder)
    with SimulatedNetworkPrinter() as printer:
        disk.record(hour.folder, hour.log)
        if hour.nth:
            disk.fail(hour.nth, full=hour.full, once=hour.once)
        try:
            till = StationTill(root, printer.target)
            cashier = Cashier(till, disk, told)
            _make_weak(till, hour)
            cashier.begin()
            cashier.work(hour.rounds // 2)
            till.restart()
            _make_weak(till, hour)
            cashier.begin()
            cashier.work(hour.rounds - hour.rounds // 2)
            cashier.close_shift()
        except START_ERRORS as error:
            told.unstarted = str(error)
            return told
        told.changes = disk.changes()
        disk.heal()
        told.stuck = _comes_right(till, cashier)
        till.close()
    return told


def _make_weak(till: StationTill, hour: Hour) -> None:
    if hour.weak:
        with till.journal._database.reading() as connection:
            connection.execute("PRAGMA synchronous = NORMAL")


def _comes_right(till: StationTill, cashier: Cashier) -> str:
    """The disk is mended: the till sells and prints again, without a restart."""
    cashier.stand_at_the_till()
    if cashier.sell() is None:
        return "it does not sell again"
    try:
        until(lambda: not any(each.queued for each in till.station.printer_states()), what="receipts", timeout_s=20)
    except AssertionError as error:
        return str(error)
    return ""


def main() -> None:
    disk = Disk()
    for name in STEP_LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).propagate = False
        logging.getLogger(name).addHandler(_StepMarks(disk))
    logging.getLogger().addHandler(logging.NullHandler())
    _warm()
    for line in sys.stdin:
        sys.stdout.write(_forked(Hour(**json.loads(line)), disk) + "\n")
        sys.stdout.flush()


def _warm() -> None:
    """Whatever a till reads and reckons once in its process is there before the forks, and their collections of garbage leave it alone."""
    with tempfile.TemporaryDirectory() as folder, SimulatedNetworkPrinter() as printer:
        root = Path(folder)
        furnish(root)
        till = StationTill(root, printer.target)
        till.station.start()
        till.counter.sign_in(CASHIER, PIN)
        till.counter.open_shift(50_000)
        till.redeem(100, member_id=CUSTOMERS[0])
        until(lambda: not any(each.queued for each in till.station.printer_states()), what="receipts", timeout_s=20)
        till.close()
    assert threading.active_count() == 1, "a fork takes one thread along"
    gc.freeze()


def _forked(hour: Hour, disk: Disk) -> str:
    """The answer, once the child is gone and its files are closed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(_HUNG_AFTER_S)
        os.write(writing, json.dumps(asdict(play(hour, disk))).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.dumps({"stuck": f"the till's process ended with {status}"}) if status else answer


if __name__ == "__main__":
    main()
