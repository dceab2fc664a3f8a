"""One configured printer: opens its port for a job, refuses to send while the printer says it cannot print, sends,
and asks afterwards. A send that succeeds confirms nothing; the outcome is what the printer answered. Called by the
spool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from printers.errors import PrinterTimeout
from printers.profile import PrinterProfile, StatusSupport
from printers.status import ask_status, require_ready, wait_until_printed
from printers.target import PrinterTarget
from printers.transports import PortTimeouts, PrinterPort, open_port

_PRINTING_S: Final = 10.0  # a long receipt at 50 mm/s


class Delivery(StrEnum):
    CONFIRMED = "confirmed"
    SENT_UNCONFIRMED = "sent_unconfirmed"


class PrinterDevice:
    """Used by one thread at a time. Remembers only whether this printer has ever answered."""

    def __init__(self, target: PrinterTarget, profile: PrinterProfile, timeouts: PortTimeouts | None = None) -> None:
        self.profile = profile
        self._target = target
        self._timeouts = timeouts or PortTimeouts()
        self._answers = False

    @contextmanager
    def connected(self) -> Iterator["PrinterConnection"]:
        """A printer that is there and ready as far as it says. Raises PrinterConfigurationError or a PrinterFault."""
        port = open_port(self._target, self._timeouts)
        try:
            connection = PrinterConnection(port, self.profile, self._timeouts)
            answered = connection.require_ready()
            if self._answers and not answered:
                # It used to answer: sending into the dark would lose the receipt, waiting loses nothing.
                raise PrinterTimeout(f"{self._target}: no longer answers status requests")
            self._answers = self._answers or answered
            yield connection
        finally:
            port.close()


class PrinterConnection:
    def __init__(self, port: PrinterPort, profile: PrinterProfile, timeouts: PortTimeouts) -> None:
        self._port = port
        self._status = StatusSupport.NONE if port.keeps else profile.status
        self._where = profile.name
        self._timeouts = timeouts
        self._sent_bytes = 0

    def require_ready(self) -> bool:
        """Whether the printer answered at all; raises PaperOut or PrinterNotReady when it answered that it cannot
        print."""
        if self._status is StatusSupport.NONE:
            return False
        status = ask_status(self._port, timeout_s=self._timeouts.answer_s + self._port.line_time_s(self._sent_bytes))
        if status is not None:
            require_ready(status, self._where)
        return status is not None

    def send(self, job: bytes) -> None:
        """PrinterTimeout and PrinterUnreachable here mean that part of the job may be on paper."""
        self._sent_bytes += len(job)
        self._port.write(job)

    def confirm(self) -> Delivery:
        """Asks after the send. Raises PaperOut or PrinterNotReady when the printer stopped on the way."""
        if self._port.keeps:
            return Delivery.CONFIRMED
        if self._status is StatusSupport.IN_ORDER:
            patience_s = _PRINTING_S + self._port.line_time_s(self._sent_bytes)
            if not wait_until_printed(self._port, timeout_s=patience_s):
                self.require_ready()
                return Delivery.SENT_UNCONFIRMED
        return Delivery.CONFIRMED if self.require_ready() else Delivery.SENT_UNCONFIRMED
