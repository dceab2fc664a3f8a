"""The print spool: one worker thread a printer takes jobs from the table of print jobs and gets them onto paper.
The till only inserts a row and calls `wake()`; no printer, dead or slow, is ever waited for by a counter or by
another printer.

The worker has a database connection of its own and holds a transaction only for single updates. Order of one job:
open the port and hear that the printer is ready; commit `sending`; write the bytes; ask whether it printed; commit
the end. So a job in `sending` after a crash may be on paper, and no other job can be.

Steps are logged as `extra={"step": …}` for crash tests and support; logs hold ids, never what a receipt says.
"""

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from printers.device import Delivery, PrinterConnection, PrinterDevice
from printers.errors import DocumentUnprintable, PaperOut, PrinterError
from printers.escpos import encode_job
from printers.spool import jobs
from printers.spool.jobs import StoredJob

_log = logging.getLogger("printers.spool")

DRAWER_KICK_AGE_S_MAX: Final = 60  # a drawer that opens by itself an hour later, with nobody near, is a theft
LOOK_EVERY_S: Final = 30.0


class Readiness(StrEnum):
    READY = "ready"
    PRINTING = "printing"
    OFFLINE = "offline"
    PAPER_OUT = "paper_out"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolStatus:
    """A snapshot for the status strip. `fault` is a code of printers.errors, "spool_storage", or empty."""

    printer: str
    state: Readiness
    queued: int = 0
    fault: str = ""
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Doubling from the first wait to the longest, each drawn between half of it and all of it."""

    first_s: float = 1.0
    most_s: float = 30.0
    chance: Callable[[], float] = random.random

    def wait_s(self, failures: int) -> float:
        full_s = min(self.first_s * 2.0 ** min(failures - 1, 30), self.most_s)
        return full_s * (0.5 + self.chance() / 2)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Ending:
    """What became of a sent job, until the database has it."""

    job_id: str
    delivery: Delivery | None  # None: a fault on the way
    error: str = ""
    retry_at: datetime | None = None


class SpoolWorker:
    """`connect` opens a connection for this worker's thread; the owner of the file sets its pragmas. `start`, `stop`,
    `wake` and `status` may be called from any thread, and none of them waits for the printer but `stop`."""

    def __init__(
        self,
        printer: str,
        device: PrinterDevice,
        connect: Callable[[], sqlite3.Connection],
        *,
        clock: Callable[[], datetime] = utc_now,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._printer = printer
        self._device = device
        self._connect = connect
        self._clock = clock
        self._retry = retry or RetryPolicy()
        self._failures = 0
        self._look_at = 0.0
        self._unsettled: _Ending | None = None
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._status = SpoolStatus(printer=printer, state=Readiness.STOPPED)
        self._thread = threading.Thread(target=self._run, name=f"spool-{printer}", daemon=True)

    def start(self) -> None:
        self._status = replace(self._status, state=Readiness.READY)
        self._thread.start()

    def wake(self) -> None:
        """There is a new job, or someone repaired the printer: try now, whatever the back-off says."""
        self._awake.set()

    def status(self) -> SpoolStatus:
        return self._status

    def stop(self, *, timeout_s: float = 30.0) -> bool:
        """Lets the job in hand end. False when it did not within the time; the thread is a daemon then left behind,
        and its job comes back marked at the next start."""
        self._stopping.set()
        self._awake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def step(self, conn: sqlite3.Connection) -> float:
        """At most one job, on the calling thread, for an owner who does not `start`; returns how long there is nothing to do."""
        return self._turn(conn)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._serve()
        finally:  # a bug ends this thread through threading.excepthook; the strip must not go on saying "ready"
            self._status = replace(self._status, state=Readiness.STOPPED)

    def _serve(self) -> None:
        """One connection's life: until told to stop, or until the database fails."""
        try:
            with closing(self._connect()) as conn:
                while not self._stopping.is_set():
                    wait_s = self._turn(conn)
                    if wait_s > 0:
                        self._rest(wait_s)
        except sqlite3.Error as error:  # disk full, locked too long: the jobs are safe, try again later
            _log.warning("the print spool cannot use its database: %s", error, extra={"printer": self._printer})
            self._show(Readiness.OFFLINE, fault="spool_storage", last_error=str(error))
            self._failures += 1
            self._rest(self._retry.wait_s(self._failures))

    def _look_after(self) -> float:
        """With nothing to print: every LOOK_EVERY_S a look whether the printer could, so that an empty roll shows
        on the strip before the next sale and not with it."""
        left_s = self._look_at - time.monotonic()
        if left_s > 0:
            return left_s
        self._look_at = time.monotonic() + LOOK_EVERY_S
        try:
            with self._device.connected():
                self._show(Readiness.READY)
        except PrinterError as error:
            self._show_fault(error)
        return LOOK_EVERY_S

    def _rest(self, wait_s: float) -> None:
        if not self._stopping.is_set():
            self._awake.wait(wait_s)
        self._awake.clear()

    def _turn(self, conn: sqlite3.Connection) -> float:
        """At most one job; returns how long there is nothing to do."""
        if self._unsettled is not None:
            self._settle(conn, self._unsettled)
        job = jobs.next_job(conn, self._printer)
        self._status = replace(self._status, queued=jobs.queued_count(conn, self._printer))
        if job is None:
            if self._status.state is Readiness.PRINTING:
                self._show(Readiness.READY)
            return self._look_after()
        try:
            data = self._encode(job)
        except DocumentUnprintable as error:
            self._give_up(conn, job, error)
            return 0
        try:
            with self._device.connected() as connection:
                return self._print(conn, job, data, connection)
        except PrinterError as error:
            return self._put_off(conn, job, error)

    def _encode(self, job: StoredJob) -> bytes:
        age = self._clock() - job.created_at
        kick = job.kick_drawer and age <= timedelta(seconds=DRAWER_KICK_AGE_S_MAX)
        if job.kick_drawer and not kick:
            _log.info("drawer left shut: the sale is too long ago", extra=self._about(job, "drawer_kick_expired"))
        return encode_job(job.document_to_print(), self._device.profile, kick_drawer=kick)

    def _print(self, conn: sqlite3.Connection, job: StoredJob, data: bytes, connection: PrinterConnection) -> float:
        """Returns how long to wait before the next job. Nothing was sent yet when this begins."""
        self._show(Readiness.PRINTING)
        conn.execute("BEGIN IMMEDIATE")
        with conn:
            if not jobs.mark_sending(conn, job.job_id):
                return 0
            _log.debug("claimed", extra=self._about(job, "print_job_claimed"))
        _log.debug("sending", extra=self._about(job, "print_job_sending"))
        try:
            connection.send(data)
            _log.debug("sent", extra=self._about(job, "print_job_sent"))
            delivery = connection.confirm()
        except PrinterError as error:
            wait_s = self._count_fault(job, error)
            self._settle(conn, _Ending(job.job_id, None, str(error), self._clock() + timedelta(seconds=wait_s)))
            return wait_s
        self._failures = 0
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._settle(conn, _Ending(job.job_id, delivery))
        _log.info("printed: %s", delivery, extra=self._about(job, "print_job_printed"))
        return 0

    def _settle(self, conn: sqlite3.Connection, ending: _Ending) -> None:
        """Remembered until committed: a full disk must not turn printed receipts into reprints."""
        self._unsettled = ending
        with conn:
            if ending.delivery is None:
                jobs.mark_failed(
                    conn, ending.job_id, error=ending.error, retry_at=ending.retry_at, may_have_printed=True
                )
            else:
                confirmed = ending.delivery is Delivery.CONFIRMED
                jobs.mark_printed(conn, ending.job_id, at=self._clock(), confirmed=confirmed)
        self._unsettled = None

    def _count_fault(self, job: StoredJob, error: PrinterError) -> float:
        self._failures += 1
        _log.warning("put off: %s", error, extra=self._about(job, "print_job_put_off"))
        self._show_fault(error)
        return self._retry.wait_s(self._failures)

    def _show_fault(self, error: PrinterError) -> None:
        state = Readiness.PAPER_OUT if isinstance(error, PaperOut) else Readiness.OFFLINE
        self._show(state, fault=error.code, last_error=str(error))

    def _put_off(self, conn: sqlite3.Connection, job: StoredJob, error: PrinterError) -> float:
        wait_s = self._count_fault(job, error)
        retry_at = self._clock() + timedelta(seconds=wait_s)
        with conn:
            jobs.mark_failed(conn, job.job_id, error=str(error), retry_at=retry_at, may_have_printed=False)
        return wait_s

    def _give_up(self, conn: sqlite3.Connection, job: StoredJob, error: DocumentUnprintable) -> None:
        with conn:
            jobs.mark_failed(conn, job.job_id, error=str(error), retry_at=None, may_have_printed=False)
        _log.error("cannot be printed: %s", error.code, extra=self._about(job, "print_job_failed"))

    def _show(self, state: Readiness, *, fault: str = "", last_error: str = "") -> None:
        self._status = replace(self._status, state=state, fault=fault, last_error=last_error)

    def _about(self, job: StoredJob, step: str) -> dict[str, object]:
        return {
            "step": step,
            "job_id": job.job_id,
            "job_kind": job.kind,
            "entry_seq": job.entry_seq,
            "printer": self._printer,
        }
