"""Asking a printer how it is, and reading its answers: ESC/POS status bytes. Pure but for the port it is handed.

DLE EOT is answered at once, ahead of what waits in the buffer; GS r is answered in its turn, after everything
before it was printed. Silence is an answer of its own: it proves nothing, and is never read as "all is well".
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from printers.errors import PaperOut, PrinterNotReady
from printers.transports import PrinterPort

_ASK_ONLINE: Final = b"\x10\x04\x01"
_ASK_CAUSE: Final = b"\x10\x04\x02"
_ASK_PAPER: Final = b"\x10\x04\x04"
_ASK_IN_ORDER: Final = b"\x1dr\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterStatus:
    online: bool
    paper: bool
    cover_open: bool = False
    broken: bool = False  # cutter jammed, head too hot


def ask_status(port: PrinterPort, *, timeout_s: float) -> PrinterStatus | None:
    """None when the printer is silent. Costs at most three times `timeout_s`."""
    online = _ask(port, _ASK_ONLINE, _is_real_time, timeout_s)
    if online is None:
        return None
    paper = _ask(port, _ASK_PAPER, _is_real_time, timeout_s)
    has_paper = paper is None or paper & 0x60 == 0
    if not online & 0x08:
        return PrinterStatus(online=True, paper=has_paper)
    cause = _ask(port, _ASK_CAUSE, _is_real_time, timeout_s) or 0
    return PrinterStatus(
        online=False, paper=has_paper and not cause & 0x20, cover_open=bool(cause & 0x04), broken=bool(cause & 0x40)
    )


def wait_until_printed(port: PrinterPort, *, timeout_s: float) -> bool:
    """True once the printer says it has worked through everything sent before; False when it does not say so in
    time."""
    return _ask(port, _ASK_IN_ORDER, _is_in_order, timeout_s) is not None


def require_ready(status: PrinterStatus, where: str) -> None:
    """Raises PaperOut or PrinterNotReady."""
    if not status.paper:
        raise PaperOut(f"{where}: paper is out")
    if not status.online:
        cause = "cover open" if status.cover_open else "cutter or head error" if status.broken else "off line"
        raise PrinterNotReady(f"{where}: {cause}")


def _ask(port: PrinterPort, question: bytes, belongs: Callable[[int], bool], timeout_s: float) -> int | None:
    while port.read(0):  # answers to earlier questions that came too late
        pass
    port.write(question)
    deadline = time.monotonic() + timeout_s
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return None
        for byte in port.read(left_s):
            if belongs(byte):
                return byte


def _is_real_time(byte: int) -> bool:
    return byte & 0x93 == 0x12


def _is_in_order(byte: int) -> bool:
    return byte & 0x90 == 0
