"""One serial scanner (RS-232, USB-CDC, pty, or any URL pyserial knows): owns the port, its thread and its reconnect.

Hands each code to a callback in the scanner's thread; must not decide what a code means. Started by the till's
composition root, which also chooses between this and the keyboard wedge.
"""

import errno
import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import serial

from terminal.devices.framing import Rejected, Scanned, SerialFraming
from terminal.devices.scanner_state import ScannerState

READ_TIMEOUT_S: Final = 0.2
RECONNECT_FIRST_S: Final = 0.25
RECONNECT_LAST_S: Final = 5.0
STOP_TIMEOUT_S: Final = 3.0
_CHUNK: Final = 256

_log = logging.getLogger("terminal.devices.scanner")
_steps = logging.getLogger("terminal.steps")

# What a port raises when it is missing, unplugged or refused: pyserial's own, the system's, and a bad URL or setting.
PORT_ERRORS: Final = (serial.SerialException, OSError, ValueError)


class SerialScanner:
    """Callbacks run in this scanner's thread and must return quickly; `on_rejected` hears of codes that did not arrive
    whole. `state` may be read from any thread."""

    def __init__(
        self,
        url: str,
        on_code: Callable[[str], None],
        on_rejected: Callable[[Rejected], None],
        *,
        baud_rate: int = 9600,
    ) -> None:
        self._url = url
        self._baud_rate = baud_rate
        self._on_code = on_code
        self._on_rejected = on_rejected
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"scanner {url}", daemon=True)
        self._state = ScannerState.ABSENT

    @property
    def state(self) -> ScannerState:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        pause_s = RECONNECT_FIRST_S
        while not self._stop.is_set():
            try:
                with serial.serial_for_url(self._url, baudrate=self._baud_rate, timeout=READ_TIMEOUT_S) as port:
                    self._state = ScannerState.READY
                    pause_s = RECONNECT_FIRST_S
                    _log.info("scanner ready on %s", self._url)
                    self._read(port)
            except PORT_ERRORS as error:
                found = ScannerState.ABSENT if _is_absence(error) else ScannerState.ERROR
                if found is not self._state:
                    _log.warning("scanner on %s: %s", self._url, error)
                self._state = found
                self._stop.wait(pause_s)
                pause_s = min(pause_s * 2, RECONNECT_LAST_S)

    def _read(self, port: serial.Serial) -> None:
        framing = SerialFraming()
        while not self._stop.is_set():
            data = port.read(1)
            if data and port.in_waiting:
                data += port.read(min(port.in_waiting, _CHUNK))
            for frame in framing.feed(data) if data else framing.silence():
                match frame:
                    case Scanned(text=text):
                        _steps.debug("scan read", extra={"step": "scan_read"})
                        self._on_code(text)
                    case Rejected():
                        _log.warning("scanner on %s gave no code: %s", self._url, frame.why)
                        self._on_rejected(frame)


def _is_absence(error: Exception) -> bool:
    """Unplugged and missing devices come in many errors; a port that is there but unusable only in these."""
    unusable = {errno.EPERM, errno.EACCES, errno.EBUSY, errno.EINVAL, errno.EISDIR}
    return getattr(error, "errno", None) not in unusable and not isinstance(error, ValueError)
