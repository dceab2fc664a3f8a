"""The lines to head office: whose certificates are trusted, how long a line without a question stays open, and one deadline over the whole of a request when it has one.

A request with the extension `deadline_s` looks the name up, connects, sends and reads its whole answer within that time, or raises httpx's time-out: httpx's own ones bound each
read by itself, so that an answer that trickles lasts as long as it likes, and the look-up of a name not at all. Used by `client` alone; knows nothing of what is asked.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Any, Final

import httpcore
import httpx

DEADLINE: Final = "deadline_s"
"""The request's extension: seconds from now until its answer must be here, whole."""
_LINES_MAX: Final = 100
_OPEN_LINES_MAX: Final = 20
_SILENT_S: Final = 4
_PROBES: Final = ((socket.TCP_KEEPIDLE, _SILENT_S), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 3))
"""A line on which an answer is awaited is probed: a cable that was pulled says nothing by itself."""
_FOUND_FOR_S: Final = 60.0
"""What a look-up found too late for its question serves the next one so long."""

Address = tuple[Any, ...]
LookUp = Callable[[str, int], list[tuple[Any, Any, int, str, Address]]]


def look_up_name(host: str, port: int) -> list[tuple[Any, Any, int, str, Address]]:
    """The system's own; it has no deadline, and waits for a silent name server for many seconds."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Lines(httpx.HTTPTransport):
    """From any thread; the deadline is that of the calling thread's newest request, its answer's body included."""

    def __init__(self, *, idle_s: float, look_up: LookUp = look_up_name) -> None:
        super().__init__(verify=_authorities(), trust_env=False)
        self._sockets = _Sockets(_Names(look_up))
        self._pool = httpcore.ConnectionPool(
            ssl_context=_authorities(),
            max_connections=_LINES_MAX,
            max_keepalive_connections=_OPEN_LINES_MAX,
            keepalive_expiry=idle_s,
            socket_options=[
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                *((socket.IPPROTO_TCP, option, value) for option, value in _PROBES),
            ],
            network_backend=self._sockets,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        within_s = request.extensions.get(DEADLINE)
        self._sockets.deadline.at = None if within_s is None else monotonic() + within_s
        return super().handle_request(request)


@cache
def _authorities() -> ssl.SSLContext:
    """Whose certificates are trusted. Reading them takes longest of all that a client begins with, and a till has three: once a process is enough."""
    return httpx.create_ssl_context(trust_env=False)


class _Deadline(threading.local):
    """Each thread's own."""

    at: float | None = None

    def left_s(self, timeout_s: float | None, error: type[httpcore.TimeoutException]) -> float | None:
        if self.at is None:
            return timeout_s
        left_s = self.at - monotonic()
        if left_s <= 0:
            raise error("the deadline of the whole request is over")
        return left_s if timeout_s is None else min(timeout_s, left_s)


class _Sockets(httpcore.SyncBackend):
    def __init__(self, names: "_Names") -> None:
        self.deadline = _Deadline()
        self._names = names

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """With a deadline the addresses that the name has share it: one that is silent leaves half of what is left to the next."""
        options = None if socket_options is None else list(socket_options)
        left_s = self.deadline.left_s(timeout, httpcore.ConnectTimeout)
        if self.deadline.at is None or left_s is None:
            stream = super().connect_tcp(host, port, timeout, local_address, options)
            return _Line(stream, self.deadline)
        addresses = self._names.find(host, port, left_s)
        for place, address in enumerate(addresses, 1):
            is_last = place == len(addresses)
            left_s = self.deadline.left_s(timeout, httpcore.ConnectTimeout)
            share_s = left_s if is_last or left_s is None else left_s / 2
            try:
                return _Line(super().connect_tcp(address, port, share_s, local_address, options), self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if is_last:
                    raise
        raise httpcore.ConnectError(f"{host} has no address")


class _Line(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left_s(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left_s(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.left_s(timeout, httpcore.ConnectTimeout)
        return _Line(self._stream.start_tls(ssl_context, server_hostname, left_s), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@dataclass(slots=True)
class _Asked:
    """`addresses` is empty while nobody knows, and when the name has none."""

    done: threading.Event = field(default_factory=threading.Event)
    addresses: tuple[str, ...] = ()
    error: OSError | None = None
    at: float = 0.0


class _Names:
    """Each name is looked up by one thread at a time, for whoever waits for it; who waited long enough goes on without."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, int], _Asked] = {}

    def find(self, host: str, port: int, within_s: float) -> tuple[str, ...]:
        asked = self._under_way(host, port)
        if not asked.done.wait(within_s):
            raise httpcore.ConnectTimeout(f"nobody says where {host} is")
        with self._lock:
            self._asked.pop((host, port), None)
        if asked.error is not None:
            raise httpcore.ConnectError(str(asked.error)) from asked.error
        return asked.addresses

    def _under_way(self, host: str, port: int) -> _Asked:
        with self._lock:
            asked = self._asked.get((host, port))
            if asked is not None and not _is_stale(asked):
                return asked
            asked = self._asked[host, port] = _Asked()
        threading.Thread(target=self._ask, args=(host, port, asked), name="name-look-up", daemon=True).start()
        return asked

    def _ask(self, host: str, port: int, asked: _Asked) -> None:
        try:
            asked.addresses = tuple(dict.fromkeys(str(each[4][0]) for each in self._look_up(host, port)))
        except OSError as error:
            asked.error = error
        asked.at = monotonic()
        asked.done.set()


def _is_stale(asked: _Asked) -> bool:
    """An answer that nobody waited for: a refusal, or one of long ago."""
    return asked.done.is_set() and (asked.error is not None or monotonic() - asked.at > _FOUND_FOR_S)
