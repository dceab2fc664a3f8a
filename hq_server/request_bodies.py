"""Owns reading request bodies: bounded in size and time, zstd when it says so, decoded into one message of the protocol. Every mistake becomes a 4xx `ApiProblem`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, TypeVar

import msgspec
import zstandard
from starlette.requests import ClientDisconnect, Request

from hq_server.errors import ApiProblem

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
PLAIN_BYTES_MAX: Final = 64 * 1024 * 1024
WHOLE_OF_PAUSES: Final = 8
"""How many pauses of the longest kind a whole body may take."""
T = TypeVar("T")


class Body:
    """The bytes of a request as they came, with how they are encoded; `decode` is for the endpoint's own thread."""

    def __init__(self, raw: bytes, encoding: str) -> None:
        self._raw = raw
        self._encoding = encoding

    def decode(self, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(self._plain(), type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiProblem("body_unreadable", f"the body is not what this call takes: {error}") from error

    def _plain(self) -> bytes:
        match self._encoding:
            case "" | "identity":
                return self._raw
            case "zstd":
                return _inflated(self._raw)
            case other:
                raise ApiProblem(
                    "encoding_unknown", f"Content-Encoding {other[:40]} is not taken here: use zstd or none"
                )


EMPTY: Final = Body(b"", "")


def _inflated(raw: bytes) -> bytes:
    """Never more than `PLAIN_BYTES_MAX`, whatever the frame's header claims."""
    try:
        reader = zstandard.ZstdDecompressor().stream_reader(raw)
        plain = reader.read(PLAIN_BYTES_MAX + 1)
    except zstandard.ZstdError as error:
        raise ApiProblem("body_unreadable", f"the body is not zstd: {error}") from error
    if len(plain) > PLAIN_BYTES_MAX:
        raise ApiProblem("body_too_large", f"the body unpacks to more than {PLAIN_BYTES_MAX} bytes")
    return plain


async def read_body(request: Request, pause_s: float) -> Body:
    """`pause_s`: after how long without any byte the call is given up. A till whose line was cut says nothing more, and would keep its place for ever."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in _paced(request.stream(), pause_s):
            size += len(part)
            if size > BODY_BYTES_MAX:
                raise ApiProblem("body_too_large", f"the body has more than {BODY_BYTES_MAX} bytes")
            parts.append(part)
    except ClientDisconnect as error:
        raise ApiProblem("body_unreadable", "the caller hung up within the body") from error
    except TimeoutError as error:
        raise ApiProblem("body_too_slow", "the body did not come in time; send it again") from error
    return Body(b"".join(parts), request.headers.get("content-encoding", "").strip().lower())


async def _paced(parts: AsyncIterator[bytes], pause_s: float) -> AsyncIterator[bytes]:
    """Raises `TimeoutError`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + WHOLE_OF_PAUSES * pause_s
    while True:
        try:
            async with asyncio.timeout_at(min(end, loop.time() + pause_s)):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        yield part
