"""Owns a till of the soak from outside: its process and the ones after it, its printer and scanner, its customers, and what it has been told so far."""

import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from printers.simulated import SimulatedNetworkPrinter
from terminal.devices.simulated import SimulatedScanner
from tests.crash.fork_server import fork_server
from tests.crash.till_child import Begun, Done, Errand, Scan
from tests.soak.children import Look, Place, Ready, Shown, work
from tongchu.witness.journal import chain_faults, read_journal

_START_TIMEOUT_S = 60.0
_ANSWER_TIMEOUT_S = 90.0
_NEXT_CUSTOMER_S = 0.3
"""How long it takes the next one to come to the counter: without a pause nearly everybody would be served while the till is offline, where answers are quick."""


class Killed(Exception):
    """The process ended in the middle of what it was asked."""


@dataclass
class Customers:
    """Who comes to one till and for what. Everybody goes to every store."""

    chance: random.Random
    numbers: tuple[str, ...]
    phone_prefix: str
    purchases: list[str] = field(default_factory=list)
    newcomers: int = 0
    topped_up: set[str] = field(default_factory=set)

    def next(self) -> Errand:
        roll, number = self.chance.random(), self.chance.choice(self.numbers)
        if roll < 0.05:
            self.newcomers += 1
            return Errand(kind="enrol", phone=f"{self.phone_prefix}{self.newcomers:06d}")
        if roll < 0.2 and self.purchases:
            return Errand(kind="refund", receipt_no=self.purchases.pop(), amount_minor=self.chance.randint(1, 100))
        if number not in self.topped_up or roll < 0.4:
            self.topped_up.add(number)
            return Errand(kind="top_up", member_no=number, amount_minor=self.chance.choice([500, 1_000, 3_000]))
        return Errand(kind="redeem", member_no=number, amount_minor=self.chance.randint(100, 2_500))


class Stand:
    """`work_until` on a thread of its own; `kill` from any other."""

    def __init__(
        self, place: Place, customers: Customers, printer: SimulatedNetworkPrinter, scanner: SimulatedScanner
    ) -> None:
        self.place = place
        self.customers = customers
        self.printer = printer
        self.scanner = scanner
        self.at_work = threading.Event()
        self.acknowledged: set[str] = set()
        self.happened: Counter[str] = Counter()
        self._errand: Errand | None = None
        self._begun: Begun | None = None
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    @property
    def name(self) -> str:
        return self.place.config.data_dir.parent.name

    def start(self) -> None:
        ours, theirs = fork_server().Pipe()
        self._process = fork_server().Process(target=work, args=(theirs, self.place), name=self.name)
        self._process.start()
        theirs.close()
        self._connection = ours
        ready = self._hear(_START_TIMEOUT_S)
        assert isinstance(ready, Ready), ready
        self.at_work.set()

    def stop(self) -> None:
        """In order. Twice is harmless."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is None or connection is None:
            return
        if process.is_alive():
            connection.send(None)
            process.join(30)
        process.kill()
        process.join()
        connection.close()

    def kill(self) -> None:
        """Only what is at work; its cashier starts it again."""
        process = self._process
        assert process is not None
        self.at_work.clear()
        process.kill()

    def work_until(self, over: threading.Event) -> None:
        """Serves one customer after another. A killed till is started again on its files, and its customer is served on."""
        while not over.wait(_NEXT_CUSTOMER_S):
            try:
                self._serve_next()
            except Killed:
                self._rise()
        if not self.at_work.is_set():  # killed between two customers, and nobody has come since
            self._rise()

    def look(self, numbers: tuple[str, ...], *, settled: bool) -> Shown:
        shown = self._ask(Look(numbers, settled))
        assert isinstance(shown, Shown), shown
        return shown

    def _serve_next(self) -> None:
        if self._errand is None:
            self._errand = self.customers.next()
        done = self._ask(self._errand)
        assert isinstance(done, Done), done
        self._errand = self._begun = None
        if done.refused:
            self.happened[f"refused {done.refused}"] += 1
            return
        self.happened["acknowledged"] += 1
        self.acknowledged.add(done.action)
        if done.kind == "redeemed":
            self.customers.purchases.append(done.receipt_no)

    def _rise(self) -> None:
        process = self._process
        assert process is not None
        process.join()
        assert process.exitcode == -signal.SIGKILL, (
            f"{self.name} ended with {process.exitcode}; its last words are above"
        )
        self.check_files()
        if self._begun is not None:
            self._errand = replace(self._begun.errand, action=self._begun.action)
        self.start()

    def check_files(self) -> None:
        """As the kill left them, before anybody repairs anything."""
        journal = read_journal(self.place.config.data_dir)
        assert journal.integrity == "ok"
        assert chain_faults(journal.entries) == []
        lost = self.acknowledged - journal.event_ids
        assert not lost, f"{self.name}: acknowledged and lost: {lost}"
        assert journal.totals == journal.recomputed_totals()
        self.happened["killed with a push open"] += journal.open_push is not None
        if self._begun is not None:
            where = "commit and answer" if self._begun.action in journal.event_ids else "begin and commit"
            self.happened[f"killed between {where}"] += 1

    def _ask(self, wish: Errand | Look) -> object:
        assert self._connection is not None
        self._heard_or_killed(lambda connection: connection.send(wish))
        while True:
            said = self._hear(_ANSWER_TIMEOUT_S)
            match said:
                case Scan():
                    self.scanner.scan(said.code)
                case Begun():
                    self._begun = said
                case _:
                    return said

    def _hear(self, timeout_s: float) -> object:
        def heard(connection: Connection) -> object:
            assert connection.poll(timeout_s), f"{self.name} said nothing for {timeout_s:.0f} s"
            return connection.recv()

        return self._heard_or_killed(heard)

    def _heard_or_killed(self, do: Callable[[Connection], object]) -> object:
        assert self._connection is not None
        try:
            return do(self._connection)
        except (EOFError, OSError) as error:
            raise Killed(self.name) from error
