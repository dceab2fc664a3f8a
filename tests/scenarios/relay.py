"""Owns a network between till and head office that loses answers: what was asked arrives, is done, and nobody hears of it; and that leads to another head office when told.
Bytes and sockets, no mocks."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_TICK_S = 0.05


class LossyRelay:
    """`lose_replies_to(start)` hangs up as soon as head office answers a request whose first line begins so; `times` None: until told otherwise. `trickle_replies_to(start)` lets
    such an answer through byte by byte, each in time, all of them in many seconds."""

    def __init__(self, url: str) -> None:
        self._target = _address(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TICK_S)
        self._losing = b""
        self._times: int | None = 0
        self.lost = 0
        self._trickling = b""
        self.trickled = 0
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=self._accept, name="relay", daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def lose_replies_to(self, start: str, times: int | None = 1) -> None:
        self._losing, self._times = start.encode(), times

    def trickle_replies_to(self, start: str) -> None:
        self._trickling = start.encode()

    def lose_nothing(self) -> None:
        self._times = 0
        self._trickling = b""

    def lead_to(self, url: str) -> None:
        """Of requests from now on, whatever connections are open."""
        self._target = _address(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            near.setblocking(True)
            thread = threading.Thread(target=self._relay, args=(near,), name="relay-pair", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _relay(self, near: socket.socket) -> None:
        target = self._target
        with near, socket.create_connection(target, timeout=5) as far, contextlib.suppress(OSError):
            self._pump(near, far, target)

    def _pump(self, near: socket.socket, far: socket.socket, target: tuple[str, int]) -> None:
        doomed = slow = False
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ)
            selector.register(far, selectors.EVENT_READ)
            while not self._closed.is_set() and target == self._target:
                for key, _ in selector.select(_TICK_S):
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65_536)
                    if not data:
                        return
                    if key.fileobj is near:
                        doomed = doomed or self._is_doomed(data)
                        slow = slow or self._is_slow(data)
                        far.sendall(data)
                    elif doomed:
                        self.lost += 1
                        return
                    elif slow:
                        self._trickle(near, data)
                    else:
                        near.sendall(data)

    def _trickle(self, near: socket.socket, data: bytes) -> None:
        self.trickled += 1
        for place in range(len(data)):
            near.sendall(data[place : place + 1])
            self._closed.wait(_TICK_S)

    def _is_slow(self, data: bytes) -> bool:
        return bool(self._trickling) and data.startswith(self._trickling)

    def _is_doomed(self, data: bytes) -> bool:
        if self._times == 0 or not data.startswith(self._losing):
            return False
        if self._times is not None:
            self._times -= 1
        return True


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port
