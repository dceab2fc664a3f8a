"""A till as a process of its own, worked from outside: a child that runs a real `Station`, and the remote control that the demo holds.

What crosses the pipe are calls of the `Counter` and its answers; money, journal, devices and network are the child's alone.
"""

import multiprocessing
import queue
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from stored_value.refusals import Refusal
from terminal.clock import SystemClock
from terminal.config import load_config
from terminal.counter import Counter
from terminal.counter.views import MemberView, PurchaseView
from terminal.devices.framing import Rejected
from terminal.language import Language
from terminal.station import Station
from terminal.syncing import SyncStatus
from tongchu.logs import log_as_json

SCAN_TIMEOUT_S = 10.0
_START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The call ended in an error of the child's; its words."""

    what: str


class TillFailed(Exception):
    """A till process ended or answered with an error."""


class _Desk:
    """The child's side: the station, and the codes that its scanner read."""

    def __init__(self, config_path: Path) -> None:
        self._codes: queue.Queue[str] = queue.Queue()
        self.station = Station(
            load_config(config_path),
            SystemClock(),
            on_scanned=self._codes.put,
            on_scan_rejected=self._ignore,
            language=lambda: Language.ZH_CN,
        )

    @staticmethod
    def _ignore(_: Rejected) -> None:
        """A code that did not arrive whole is scanned again."""

    def identify_next_scan(self) -> MemberView | PurchaseView | Refusal:
        return self.station.counter.identify(self._codes.get(timeout=SCAN_TIMEOUT_S))

    def sync_status(self) -> SyncStatus:
        return self.station.sync_status()

    def sync_now(self) -> None:
        self.station.sync_now()


def _serve(connection: Connection, config_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it closes this till in order
    log_as_json((config_path.parent / "till.log").open("a", encoding="utf-8"))
    desk = _Desk(config_path)
    desk.station.start()
    connection.send("ready")
    try:
        while True:
            try:
                call = connection.recv()
            except EOFError:
                return
            if call is None:
                return
            target = desk if hasattr(desk, call.name) else desk.station.counter
            try:
                connection.send(getattr(target, call.name)(*call.args))
            except (ArithmeticError, AssertionError, LookupError, OSError, ValueError, queue.Empty) as error:
                connection.send(Failed(f"{call.name}: {type(error).__name__}: {error}"))
    finally:
        desk.station.close()


class _Remote:
    def __init__(self, till: "TillProcess") -> None:
        self._till = till

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self._till.call(name, *args)


class TillProcess:
    """`counter` answers as the child's counter does. Raises `TillFailed`."""

    def __init__(self, name: str, config_path: Path) -> None:
        self.name = name
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])  # imported once for all tills, in a process that has no threads
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, config_path), name=f"till {name}")
        self._process.start()
        theirs.close()
        self.counter = cast(Counter, _Remote(self))

    def wait_until_ready(self) -> None:
        if not self._connection.poll(_START_TIMEOUT_S):
            raise TillFailed(f"{self.name} did not start within {_START_TIMEOUT_S:.0f} s")
        self._receive()

    def call(self, name: str, *args: Any) -> Any:
        self._connection.send(Call(name, args))
        return self._receive()

    def identify_next_scan(self) -> MemberView | PurchaseView | Refusal:
        """What the till makes of the next code that its scanner reads."""
        return cast(MemberView | PurchaseView | Refusal, self.call("identify_next_scan"))

    def sync_status(self) -> SyncStatus:
        return cast(SyncStatus, self.call("sync_status"))

    def sync_now(self) -> None:
        self.call("sync_now")

    def close(self) -> None:
        if self._process.is_alive():
            try:
                self._connection.send(None)
            except OSError:
                self._process.terminate()
        self._process.join(30)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()

    def _receive(self) -> Any:
        try:
            answer = self._connection.recv()
        except EOFError as error:
            raise TillFailed(f"{self.name} ended; its last words are above") from error
        if isinstance(answer, Failed):
            raise TillFailed(f"{self.name}: {answer.what}")
        return answer
