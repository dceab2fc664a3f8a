"""Owns what runs in a namespace of its own: head office, and a till whose cashier is told through a pipe whom to serve next. Ends by kill -9, or when told.

The till says `Begun`, `Scan` and `Done` as the children of the crash tests do, and answers `Look` with what it shows.
"""

import os
import queue
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection

from hq_server import server
from hq_server.app import create_app
from hq_server.config import HqConfig
from stored_value.identity import StaffId
from stored_value.refusals import Refusal
from sync.client import KEPT_LINE_S
from terminal.clock import SystemClock
from terminal.config import TillConfig
from terminal.counter.views import MemberView
from terminal.devices.framing import Rejected
from terminal.language import Language
from terminal.station import Station
from tests.crash.till_child import FLOAT_MINOR, Errand, serve, settle
from tests.soak.namespaces import enter
from tests.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a till stands and who works at it."""

    namespace: str
    config: TillConfig
    staff_id: StaffId
    pin: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Signed in, the shift is open, the scanner reads. A till is killed after this: a plug pulled while a PIN is checked counts as a wrong one."""


@dataclass(frozen=True, slots=True)
class Look:
    """Asks for these members as the till shows them."""

    numbers: tuple[str, ...]
    settled: bool = False
    """First everything has to be at head office and on paper; the network works again."""


@dataclass(frozen=True, slots=True)
class Shown:
    """`balances_minor` of every member that the till knows; `pending`: those of whom something is not confirmed yet."""

    balances_minor: dict[str, int]
    pending: frozenset[str]
    printed_by_hand: int = 0


def serve_head_office(namespace: str, config: HqConfig) -> None:
    enter(namespace)
    server.serve(create_app(config), host=config.host, port=config.port, keep_alive_s=KEPT_LINE_S)


def work(connection: Connection, place: Place) -> None:
    enter(place.namespace)
    codes: queue.Queue[str] = queue.Queue()
    station = Station(
        place.config, SystemClock(), on_scanned=codes.put, on_scan_rejected=_ignore, language=lambda: Language.ZH_CN
    )
    counter = station.counter
    signed_in = counter.sign_in(place.staff_id, place.pin)
    assert not isinstance(signed_in, Refusal), signed_in
    if counter.status().shift_opened_at is None:
        assert not isinstance(counter.open_shift(FLOAT_MINOR), Refusal)
    station.start()
    until(lambda: station.scanner_state().value == "ready", what="the scanner", timeout_s=30)
    connection.send(Ready())
    while True:
        wish = connection.recv()
        match wish:
            case Errand():
                connection.send(serve(counter, wish, connection, codes))
            case Look():
                connection.send(_look(station, wish))
            case _:
                break
    station.close()


def kill(process_id: int) -> None:
    """As a power switch would."""
    os.kill(process_id, signal.SIGKILL)


def _ignore(_: Rejected) -> None:
    """A code that did not arrive whole; nobody scans rubbish here."""


def _look(station: Station, wish: Look) -> Shown:
    by_hand = 0
    if wish.settled:
        station.sync_now()
        by_hand = settle(station)
    views = {number: station.counter.identify(number) for number in wish.numbers}
    seen = {number: view for number, view in views.items() if isinstance(view, MemberView)}
    return Shown(
        balances_minor={number: view.balance_minor for number, view in seen.items()},
        pending=frozenset(number for number, view in seen.items() if view.pending),
        printed_by_hand=by_hand,
    )
