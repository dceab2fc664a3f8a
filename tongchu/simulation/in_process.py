"""Head office's application answering requests in this process and on this thread of control: bytes in, bytes out, as on the wire. No socket, no server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import anyio.to_thread
import httpx
import zstandard

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
Headers = tuple[tuple[bytes, bytes], ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as it left the till. `patience_s`: how long the till waits for each part of the answer."""

    method: str
    target: bytes
    headers: Headers
    body: bytes
    patience_s: float

    @classmethod
    def of(cls, request: httpx.Request) -> Self:
        patience = request.extensions.get("timeout", {}).get("read") or 10.0
        headers = tuple((name.lower(), value) for name, value in request.headers.raw)
        return cls(
            method=request.method,
            target=request.url.raw_path,
            headers=headers,
            body=request.read(),
            patience_s=patience,
        )

    @property
    def path(self) -> str:
        return self.target.decode("ascii")

    @property
    def content(self) -> bytes:
        """The body as it was written: a till compresses what is long."""
        return zstandard.decompress(self.body) if (b"content-encoding", b"zstd") in self.headers else self.body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    def response(self) -> httpx.Response:
        return httpx.Response(self.status, headers=list(self.headers), stream=httpx.ByteStream(self.body))


class InProcess:
    """One life of a server process. One request at a time; whatever the application raises, a sudden death included, comes out of `answer`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, call: Call) -> Answer:
        """What the application does in worker threads elsewhere, it does here on the caller's."""
        with _without_threads():
            return self._loop.run_until_complete(self._answered(call))

    def close(self) -> None:
        """Twice is harmless."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _answered(self, call: Call) -> Answer:
        told: list[Message] = []
        asked = [{"type": "http.request", "body": call.body, "more_body": False}]

        async def receive() -> Message:
            if not asked:
                await asyncio.Event().wait()  # nobody hangs up here: mishaps are the network's
            return asked.pop()

        async def send(message: Message) -> None:
            told.append(message)

        await self._application(_scope(call), receive, send)
        start = next(each for each in told if each["type"] == "http.response.start")
        body = b"".join(each.get("body", b"") for each in told if each["type"] == "http.response.body")
        return Answer(int(start["status"]), tuple((name, value) for name, value in start["headers"]), body)


async def _at_once(work: Callable[..., T], *arguments: Any, **_: Any) -> T:
    return work(*arguments)


@contextmanager
def _without_threads() -> Iterator[None]:
    """The web framework hands blocking work to anyio's thread pool; one thread of control is what makes a run repeatable, and it is much faster."""
    pool = anyio.to_thread.run_sync
    anyio.to_thread.run_sync = _at_once  # type: ignore[assignment]  # a function of another kind in its place
    try:
        yield
    finally:
        anyio.to_thread.run_sync = pool


def _scope(call: Call) -> Message:
    path, _, query = call.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": path.decode("ascii"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(call.headers),
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8700),
    }


class Direct(httpx.BaseTransport):
    """A perfect network between a client and one life of head office."""

    def __init__(self, server: InProcess) -> None:
        self._server = server

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._server.answer(Call.of(request)).response()
