"""A simulated scanner, chosen by configuration: a pty that types codes as a serial scanner would. For demonstrations,
training and tests; the till opens its path like any other port.
"""

import os
import pty
import tty
from pathlib import Path
from types import TracebackType
from typing import Self


class SimulatedScanner:
    """`path` is the port to configure; with `link` a symbolic link of a steady name points to it. The port stays alive
    while nobody has it open, as a plugged-in scanner does."""

    def __init__(self, link: Path | None = None) -> None:
        self._scanner, self._port = pty.openpty()
        tty.setraw(self._port)
        self.path = os.ttyname(self._port)
        self._link = link
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)

    def scan(self, code: str) -> None:
        self.type_bytes(code.encode("ascii") + b"\r\n")

    def type_bytes(self, data: bytes) -> None:
        """Exactly these bytes, as a disturbed line would bring them."""
        while data:
            data = data[os.write(self._scanner, data) :]

    def unplug(self) -> None:
        """The device is gone: the till's read fails, the link too."""
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in (self._scanner, self._port):
            os.close(end)
        self._scanner = self._port = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scanner >= 0:
            self.unplug()
