"""Everything of a running till but its window: journal, replica, sync, print spools, scanner and the counter, put together from one configuration.

The composition root of the till; started by `tongchu till run`, by the demo and by tests. Owns the threads and stops them. Never imports Kivy.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from printers.device import PrinterDevice
from printers.profile import profile_by_name
from printers.spool import SpoolStatus, SpoolWorker
from printers.target import parse_target
from sync.client import OPEN_LINE_S, HqClient
from sync.live import News
from sync.pins import FULL_COST, PinCost
from terminal.clock import Clock
from terminal.config import PrinterConfig, TillConfig
from terminal.counter import Counter
from terminal.counter.link import Equipment, Link, LinkState, TillKeys
from terminal.devices.framing import Rejected
from terminal.devices.scanner import SerialScanner
from terminal.devices.scanner_state import ScannerState
from terminal.hq_time import HqTime
from terminal.journal import RESERVE_BYTES, Journal, NotEnrolled
from terminal.journal.mirror import Mirror, MirrorStatus
from terminal.language import Language
from terminal.leasing import Leasing
from terminal.machine import machine_mark
from terminal.mirror_watch import MirrorWatch
from terminal.replica import Replica
from terminal.standing_told import Asked, standing_told
from terminal.syncing import LiveChannel, OnlineReader, OpenLine, SyncCycle, SyncStatus, SyncWorker
from terminal.till_directory import TillDirectory
from terminal.troubles import Trouble, trouble_of

Scanned = Callable[[str], None]
ScanRejected = Callable[[Rejected], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Network, disk and machine as the till meets them: the real ones, unless a simulation stands in for one. `pin_cost`: what the key of a payment PIN that is set here costs."""

    transport: httpx.BaseTransport | None = None
    open_journal_file: Callable[..., sqlite3.Connection] = sqlite3.connect
    machine: Callable[[], str] = machine_mark
    reserve_bytes: int = RESERVE_BYTES
    pin_cost: PinCost = FULL_COST


THIS_MACHINE = World()


class Station:
    """`start` and `close` from the owner's thread. `counter` may be used between them. An owner who wants no threads does not `start`: he calls
    `sync_once` and `print_waiting` himself."""

    def __init__(
        self,
        config: TillConfig,
        clock: Clock,
        *,
        on_scanned: Scanned,
        on_scan_rejected: ScanRejected,
        language: Callable[[], Language],
        version: str = "",
        world: World = THIS_MACHINE,
    ) -> None:
        self.config = config
        directory = TillDirectory(config.data_dir)
        self.journal = _open_journal(directory.journal, world)
        secrets = directory.secrets()
        self.replica = Replica.open(directory.replica)
        self.journal.head_office.runs_on(world.machine())
        self._mirror = _mirror(config, self.journal)
        url = config.hq_url or self.journal.head_office.identity.hq_url
        self._sync_client = HqClient(url, transport=world.transport)
        self._reading_client = HqClient(url, idle_line_s=OPEN_LINE_S, transport=world.transport)
        self._line = OpenLine(self._reading_client, clock)
        self._hq_time = HqTime(clock, self.journal.head_office)
        self._live_client = HqClient(url, transport=world.transport)
        leasing = Leasing(self.journal, self.replica, clock)
        cycle = SyncCycle(
            self._sync_client,
            self.journal,
            self.replica,
            directory,
            secrets.terminal_key,
            leasing=leasing,
            version=version,
            hq_time=self._hq_time,
            asked=self._asked(clock),
        )
        self._live = LiveChannel(
            self._live_client,
            cycle.token,
            self.journal,
            self.replica,
            leasing,
            clock,
            on_news=lambda news: self._tell(cycle, news),
            on_lost=lambda: self._worker.wake(),  # noqa: PLW0108 - there is no worker yet
        )
        self._worker = SyncWorker(
            cycle.run_once, clock, poll_interval_s=config.poll_interval_s, is_told=self._live.is_open
        )
        self._scanner = _scanner(config, on_scanned, on_scan_rejected)
        self.journal.recover_print_jobs()
        self.journal.reservations.drop_open_holds()
        self._spools = tuple(_spool(printer, self.journal, clock) for printer in config.printers)
        self._print_connection: sqlite3.Connection | None = None
        self.counter = Counter(
            self.journal,
            self.replica,
            clock,
            keys=TillKeys(staff_pepper=secrets.staff_pepper, phone_tag_key=secrets.phone_tag_key),
            link=self._link(cycle),
            equipment=self._equipment(),
            language=language,
            pin_cost=world.pin_cost,
        )
        self.journal.after_commit(self._worker.wake)

    def _equipment(self) -> Equipment:
        return Equipment(
            receipt_printer=self.config.receipt_printer,
            printers=self.printer_states,
            wake_printers=self._wake_printers,
            scanner=self.scanner_state,
            mirror=self.mirror_status,
        )

    def start(self) -> None:
        for spool in self._spools:
            spool.start()
        if self._scanner is not None:
            self._scanner.start()
        if self._mirror is not None:
            self._mirror.start()
        self._worker.start()
        self._live.start()
        self._line.start()

    def close(self) -> None:
        """Lets the cycle and the print job in hand end, then closes the files. What could not end comes back at the next start."""
        self._live.stop()
        self._line.stop()
        self._worker.stop()
        if self._scanner is not None:
            self._scanner.stop()
        for spool in self._spools:
            spool.stop()
        if self._mirror is not None:
            self._mirror.stop()
        self._live_client.close()
        self._reading_client.close()
        self._sync_client.close()
        self.replica.close()
        if self._print_connection is not None:
            self._print_connection.close()
        self.journal.close()

    def sync_once(self) -> float:
        """One cycle on the calling thread; returns how long to wait for the next."""
        return self._worker.step()

    def print_waiting(self) -> None:
        """Every job that waits, until the printers have them or say why not; on the calling thread, which is the one that closes."""
        if not self._spools:
            return
        if self._print_connection is None:
            self._print_connection = self.journal.connect_spool()
        for spool in self._spools:
            while not spool.step(self._print_connection):
                pass

    def listen_once(self) -> float:
        """One look at the live channel on the calling thread, without waiting for news; returns how long to wait for the next."""
        return self._live.step(wait_s=0.0)

    def sync_status(self) -> SyncStatus:
        return self._worker.status()

    def sync_now(self) -> None:
        """Somebody mended the network: do not wait for the back-off to end."""
        self._worker.retry_now()

    def printer_states(self) -> tuple[SpoolStatus, ...]:
        return tuple(spool.status() for spool in self._spools)

    def scanner_state(self) -> ScannerState:
        return ScannerState.ABSENT if self._scanner is None else self._scanner.state

    def mirror_status(self) -> MirrorStatus | None:
        """None: the till has no mirror."""
        return None if self._mirror is None else self._mirror.status()

    def _asked(self, clock: Clock) -> Asked:
        return Asked(
            standing=lambda: standing_told(self.journal, self.printer_states),
            mirror_trouble=MirrorWatch(self._mirror.status, clock).trouble if self._mirror else lambda: None,
        )

    def _tell(self, cycle: SyncCycle, news: News) -> None:
        cycle.heard(news)
        self._worker.wake()

    def _wake_printers(self) -> None:
        for spool in self._spools:
            spool.wake()

    def _link(self, cycle: SyncCycle) -> Link:
        reader = OnlineReader(
            self._reading_client, cycle.token, deadline_s=self.config.online_read_s, on_missed=self._line.wake
        )
        return Link(state=self._link_state, read_member=reader.read, hold=reader.hold)

    def _link_state(self) -> LinkState:
        status = self._worker.status()
        return LinkState(
            online=status.online,
            clock_off_by=self._hq_time.off_by(),
            time_at_least=self._hq_time.at_least(),
            takes_payment_pins=status.takes_payment_pins,
            trouble=Trouble.NOT_TRUSTED if status.online and status.rejected else trouble_of(status.code),
        )


def _open_journal(path: Path, world: World) -> Journal:
    if not path.exists():
        raise NotEnrolled(f"{path}: there is no till here yet; make it one with `tongchu till enrol URL CODE`")
    journal = Journal.open(path, reserve_bytes=world.reserve_bytes, open_file=world.open_journal_file)
    if not journal.head_office.enrolled:
        journal.close()
        raise NotEnrolled(f"{path}: the enrolment was not finished; run `tongchu till enrol URL CODE` again")
    return journal


def _mirror(config: TillConfig, journal: Journal) -> Mirror | None:
    """Compared before the counter opens."""
    if config.mirror is None:
        return None
    mirror = Mirror(journal, config.mirror)
    journal.holes.mend_from(mirror.raw_of)
    mirror.compare()
    return mirror


def _scanner(config: TillConfig, on_scanned: Scanned, on_scan_rejected: ScanRejected) -> SerialScanner | None:
    if not config.scanner:
        return None
    return SerialScanner(config.scanner, on_scanned, on_scan_rejected, baud_rate=config.scanner_baud)


def _spool(printer: PrinterConfig, journal: Journal, clock: Clock) -> SpoolWorker:
    device = PrinterDevice(parse_target(printer.target), profile_by_name(printer.profile))
    return SpoolWorker(printer.name, device, journal.connect_spool, clock=clock.now)
