"""Owns the franchise of the soak: head office on PostgreSQL and four tills, each a process in a network namespace of its own, with a wire between each till and head office."""

import random
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from hq_server import franchise_data
from hq_server.config import HqConfig
from hq_server.franchise import SampleFranchise
from hq_server.initialise import initialise
from printers.simulated import SimulatedNetworkPrinter
from stored_value.identity import StaffId
from terminal.config import PrinterConfig, TillConfig
from terminal.devices.simulated import SimulatedScanner
from terminal.enrol import enrol
from tests.crash.fork_server import fork_server
from tests.soak.children import Place, kill, serve_head_office
from tests.soak.namespaces import inside, namespace
from tests.soak.stand import Customers, Stand
from tests.soak.wire import Wires
from tests.waiting import until
from tongchu.witness.books import HqBooks

REGULARS = 12
_PORT = 8700


class HeadOffice:
    """`start` returns when it answers."""

    def __init__(self, namespace: str, config: HqConfig) -> None:
        self.config = config
        self._namespace = namespace
        self._process: BaseProcess | None = None

    def start(self) -> None:
        process = fork_server().Process(target=serve_head_office, args=(self._namespace, self.config), name="hq")
        process.start()
        self._process = process
        until(lambda: not process.is_alive() or self._listens(), what="head office to listen", timeout_s=60)
        assert process.is_alive(), f"head office ended with {process.exitcode} before it answered"

    def kill_and_start(self) -> None:
        process = self._process
        assert process is not None
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"head office had ended by itself with {process.exitcode}"
        self.start()

    def kill_a_database_process(self) -> None:
        """PostgreSQL answers this by ending every connection and recovering from its log."""
        books = HqBooks(self.config.database)
        rows = books.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for (process_id,) in rows[:1]:
            kill(int(process_id))
        assert rows, "head office has no connection"

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join(30)
            self._process.kill()
            self._process.join()

    def _listens(self) -> bool:
        def asked() -> bool:
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", self.config.port)) == 0

        return inside(self._namespace, asked)


@dataclass
class Franchise:
    head_office: HeadOffice
    wires: Wires
    stands: dict[str, Stand]
    regulars: tuple[str, ...]
    happened: Counter[str] = field(default_factory=Counter)

    @property
    def books(self) -> HqBooks:
        return HqBooks(self.head_office.config.database)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.stands)


@contextmanager
def running(folder: Path, database_url: str, seed: int) -> Iterator[Franchise]:
    """Enrolled, at work, everybody known at every till; the weather is clear."""
    config = HqConfig(
        data_dir=folder / "hq", database_url=database_url, host="0.0.0.0", port=_PORT, sequencer_interval_s=0.2
    )
    sample = initialise(config, sample=True, now=datetime.now(UTC)).sample
    assert sample is not None
    regulars = tuple(person.member_no for person in list(franchise_data.members(until=datetime.now(UTC)))[:REGULARS])
    with ExitStack() as stack:
        hq_space = stack.enter_context(namespace("hq"))
        head_office = HeadOffice(hq_space, config)
        stack.callback(head_office.stop)
        wires, spaces = Wires(seed), {}
        for place, code in enumerate(sample.codes):
            spaces[code] = stack.enter_context(namespace(f"till{place}"))
        urls = {
            code: f"http://{wires.lay(code.terminal_id, space, hq_space, place)}:{_PORT}"
            for place, (code, space) in enumerate(spaces.items())
        }
        stack.enter_context(wires)
        head_office.start()
        stands = {}
        for place, code in enumerate(sample.codes):
            home = folder / code.terminal_id
            home.mkdir()
            inside(spaces[code], partial(enrol, urls[code], code.code, home / "data"))
            customers = Customers(random.Random(f"{seed} {place}"), regulars, f"1390{place}")
            stand = _stand(stack, home, spaces[code], _cashier(sample, code.terminal_id), customers)
            stands[str(code.terminal_id)] = stand
            stack.callback(stand.stop)
            stand.start()
            stand.look(regulars, settled=True)
        yield Franchise(head_office, wires, stands, regulars)


def _cashier(sample: SampleFranchise, name: str) -> tuple[StaffId, str]:
    return next((key, who.pin) for key, who in sample.staff if who.store_id == name[:3] and not who.manager)


def _stand(stack: ExitStack, home: Path, space: str, cashier: tuple[StaffId, str], customers: Customers) -> Stand:
    """The printer is on the till's own network."""
    printer = SimulatedNetworkPrinter()
    inside(space, printer.start)
    stack.callback(printer.stop)
    scanner = stack.enter_context(SimulatedScanner(home / "scanner"))
    config = TillConfig(
        data_dir=home / "data",
        printers=(PrinterConfig(target=printer.target, profile="generic-80"),),
        scanner=str(home / "scanner"),
        poll_interval_s=0.5,
        online_read_s=2.5,
    )
    staff_id, pin = cashier
    return Stand(Place(namespace=space, config=config, staff_id=staff_id, pin=pin), customers, printer, scanner)
