"""Simulated printers, for training, trade shows, the demo and tests: a network printer on a loopback port and a
serial printer on a pseudo-terminal. They take real bytes over real ports, answer status requests, run out of paper,
stall and get unplugged, and keep exactly what arrived. Chosen by configuration like any other printer; nothing else
knows them.

One thread a printer. What stands on its paper is worked out by `printers.decode`, never by the encoder.
"""

import os
import select
import socket
import struct
import termios
import threading
import time
import tty
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from printers.decode import EscPosParser, Event, PrintedLine, PrinterOutput, StatusAsked, split_jobs

_TICK_S: Final = 0.01


class PrintMechanism:
    """Buffer, head and paper of one printer. Thread-safe; the switches may be turned at any moment."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._parser = EscPosParser()
        self._waiting: deque[Event] = deque()
        self._printed: list[Event] = []
        self._paper_lines: int | None = None  # None: an endless roll
        self._lines_per_s: float | None = None  # None: at once
        self._next_line_at = 0.0
        self._offline = False
        self._silent = False

    # The switches.

    def go_offline(self) -> None:
        """The feed button held, the cover open: it answers, and prints nothing."""
        with self._lock:
            self._offline = True

    def go_online(self) -> None:
        with self._lock:
            self._offline = False

    def fall_silent(self) -> None:
        """Takes everything and answers nothing, as a printer on a one-way cable does."""
        with self._lock:
            self._silent = True

    def speak_again(self) -> None:
        with self._lock:
            self._silent = False

    def run_out_of_paper(self, *, after_lines: int = 0) -> None:
        with self._lock:
            self._paper_lines = after_lines

    def load_paper(self) -> None:
        """Prints on with what it still holds, as real printers do."""
        with self._lock:
            self._paper_lines = None

    def print_slowly(self, *, lines_per_s: float) -> None:
        with self._lock:
            self._lines_per_s = lines_per_s

    # The paper.

    def output(self) -> PrinterOutput:
        """Everything that reached paper, drawer and cutter since the printer was made."""
        with self._lock:
            return PrinterOutput(events=tuple(self._printed))

    # The electronics: called by the port's thread.

    def take(self, data: bytes) -> bytes:
        """Bytes from the port; the answers to real-time questions among them."""
        with self._lock:
            answers = bytearray()
            for event in self._parser.feed(data):
                if isinstance(event, StatusAsked) and not event.in_order:
                    answers += self._real_time(event.command[-1])
                else:
                    self._waiting.append(event)
            return b"" if self._silent else bytes(answers)

    def work(self, now: float) -> bytes:
        """Prints what can be printed by `now` (monotonic seconds); the answers to questions whose turn has come."""
        with self._lock:
            answers = bytearray()
            while self._waiting and not self._offline and self._paper_lines != 0 and now >= self._next_line_at:
                event = self._waiting.popleft()
                if isinstance(event, StatusAsked):
                    answers += b"\x00"
                    continue
                self._printed.append(event)
                if isinstance(event, PrintedLine):
                    if self._paper_lines is not None:
                        self._paper_lines -= 1
                    if self._lines_per_s is not None:
                        self._next_line_at = max(now, self._next_line_at) + 1 / self._lines_per_s
            return b"" if self._silent else bytes(answers)

    def lose_power(self) -> None:
        """What was in the buffer is gone."""
        with self._lock:
            self._parser = EscPosParser()
            self._waiting.clear()

    def _real_time(self, question: int) -> bytes:
        no_paper = self._paper_lines == 0
        match question:
            case 1:
                return bytes([0x12 | (0x08 if self._offline or no_paper else 0)])
            case 2:
                return bytes([0x12 | (0x04 if self._offline else 0) | (0x20 if no_paper else 0)])
            case 4:
                return bytes([0x12 | (0x6C if no_paper else 0)])
            case _:
                return b"\x12"


class SimulatedPrinter(ABC):
    """What network and serial share: the mechanism, the record, the thread. A context manager; `stop` is safe
    twice."""

    def __init__(self) -> None:
        self.mechanism = PrintMechanism()
        self._lock = threading.RLock()
        self._sessions: list[bytearray] = []
        self._plugged = False
        self._bytes_until_unplugged: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"simulated-{type(self).__name__}", daemon=True)

    @property
    @abstractmethod
    def target(self) -> str:
        """The address to configure."""

    def start(self) -> Self:
        self.plug_in()
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.unplug()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def plug_in(self) -> None:
        with self._lock:
            if not self._plugged:
                self._open()
                self._plugged = True

    def unplug(self) -> None:
        """Cable and power at once, in the middle of whatever it does."""
        with self._lock:
            if self._plugged:
                self._plugged = False
                self._close()
                self.mechanism.lose_power()

    def unplug_after(self, size: int) -> None:
        """The plug is pulled when so many more bytes have arrived."""
        with self._lock:
            self._bytes_until_unplugged = size

    def sessions(self) -> tuple[bytes, ...]:
        """The exact bytes, one element a connection (a serial printer: one each time it was plugged in)."""
        with self._lock:
            return tuple(bytes(session) for session in self._sessions)

    def received(self) -> bytes:
        return b"".join(self.sessions())

    def jobs(self) -> tuple[PrinterOutput, ...]:
        """What is on paper, one element a print job, also an unfinished one."""
        return split_jobs(self.mechanism.output())

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                sources = self._sources() if self._plugged else []
            if not sources:
                self._stopping.wait(_TICK_S)
                continue
            # A source may be closed by `unplug` meanwhile: that shows as an error here, and the next turn has new ones.
            with suppress(OSError, ValueError):
                ready, _, _ = select.select(sources, [], [], _TICK_S)
                with self._lock:
                    if self._plugged:
                        self._serve(ready)

    def _arrived(self, session: bytearray, data: bytes) -> bytes:
        """Records and feeds what arrived; the answers. Unplugs itself when told to."""
        if self._bytes_until_unplugged is not None:
            data = data[: self._bytes_until_unplugged]
            self._bytes_until_unplugged -= len(data)
        session += data
        answers = self.mechanism.take(data)
        if self._bytes_until_unplugged == 0:
            self._bytes_until_unplugged = None
            self.mechanism.work(time.monotonic())
            self.unplug()
            return b""
        return answers + self.mechanism.work(time.monotonic())

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    @abstractmethod
    def _sources(self) -> list[int]: ...

    @abstractmethod
    def _serve(self, ready: list[int]) -> None: ...


class SimulatedNetworkPrinter(SimulatedPrinter):
    """Raw TCP, as on port 9100. Port 0 takes a free one and keeps it through unplugging."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        self._host, self._port = host, port
        self._listener: socket.socket | None = None
        self._peers: dict[int, tuple[socket.socket, bytearray]] = {}

    @property
    def port(self) -> int:
        return self._port

    @property
    def target(self) -> str:
        return f"tcp://{self._host}:{self._port}"

    def _open(self) -> None:
        self._listener = socket.create_server((self._host, self._port))
        self._port = self._listener.getsockname()[1]

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for peer, _ in self._peers.values():
            with suppress(OSError):  # a reset, as from a cable pulled: no friendly goodbye
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        self._peers.clear()

    def _sources(self) -> list[int]:
        listener = [] if self._listener is None else [self._listener.fileno()]
        return [*listener, *self._peers]

    def _serve(self, ready: list[int]) -> None:
        if self._listener is not None and self._listener.fileno() in ready:
            peer, _ = self._listener.accept()
            session = bytearray()
            self._sessions.append(session)
            self._peers[peer.fileno()] = (peer, session)
        for handle, (peer, session) in list(self._peers.items()):
            if handle in ready:
                self._read(handle, peer, session)
        late = self.mechanism.work(time.monotonic())
        for peer, _ in self._peers.values():
            if late:
                peer.sendall(late)

    def _read(self, handle: int, peer: socket.socket, session: bytearray) -> None:
        try:
            data = peer.recv(4096)
        except OSError:  # the till went away without a word
            data = b""
        if not data:
            del self._peers[handle]
            peer.close()
            return
        answers = self._arrived(session, data)
        if answers:
            with suppress(OSError):
                peer.sendall(answers)


class SimulatedSerialPrinter(SimulatedPrinter):
    """A pseudo-terminal under a name that stays: `link` points at the device while the printer is plugged in."""

    def __init__(self, link: Path) -> None:
        super().__init__()
        self._link = link
        self._master: int | None = None
        self._slave: int | None = None

    @property
    def target(self) -> str:
        return f"serial://{self._link}"

    def _open(self) -> None:
        self._master, self._slave = os.openpty()  # the slave stays open, or the line hangs up after every job
        tty.setraw(self._master, termios.TCSANOW)
        os.set_blocking(self._master, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(self._slave))
        self._sessions.append(bytearray())

    def _close(self) -> None:
        self._link.unlink(missing_ok=True)
        for handle in (self._slave, self._master):
            if handle is not None:
                os.close(handle)
        self._master = self._slave = None

    def _sources(self) -> list[int]:
        return [] if self._master is None else [self._master]

    def _serve(self, ready: list[int]) -> None:
        if self._master is None:
            return
        answers = b""
        if self._master in ready:
            answers = self._arrived(self._sessions[-1], os.read(self._master, 4096))
        if self._plugged:
            answers += self.mechanism.work(time.monotonic())
            if answers:
                os.write(self._master, answers)
