"""Owns what a till's call meets before anything of it is read: the protocol's version, and whether head office has room for it.

Bounds the pushes and the calls that are being answered at once, so that an overload is answered at once and cheaply, and never by a queue that grows (B1).
Calls that wait for news hold no thread and are bounded apart. Put around the whole application by `app.create_app`; lives in one event loop.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hq_server.calls import PREFIX
from hq_server.errors import ApiProblem, new_support_id, respond
from sync.messages import PROTOCOL_HEADER, ChallengeRequest
from sync.versions import CURRENT, PREVIOUS, Standing, standing_of

RETRY_AFTER_S: Final = 2
_PUSHES: Final = ("/v1/journals/", "/v1/recoveries/")
_LIVE: Final = "/v1/live"
_CHALLENGES: Final = "/v1/challenges"
_CHALLENGE_BYTES_MAX: Final = 1_024
_decode_challenge = msgspec.json.Decoder(ChallengeRequest).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many at once: pushes, calls of any kind that are answered as fast as can be, and calls that wait for news."""

    pushes: int
    calls: int
    waiting: int


class Gate:
    """`heard` is told which till was refused for its protocol, and its version; called on a thread."""

    def __init__(
        self, app: ASGIApp, room: Room, random: Callable[[int], bytes], heard: Callable[[str, str], None]
    ) -> None:
        self._app = app
        self._room = room
        self._random = random
        self._heard = heard
        self._pushes = self._calls = self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        unspoken = _unspoken(scope)
        if unspoken is not None:
            await self._refuse_unspoken(unspoken, scope, receive, send)
            return
        refused = self._full(scope)
        if refused is not None:
            await respond(refused, new_support_id(), self._random)(scope, receive, send)
            return
        pushes, calls, waiting = _kind(scope)
        self._pushes, self._calls, self._waiting = self._pushes + pushes, self._calls + calls, self._waiting + waiting
        try:
            await self._app(scope, receive, send)
        finally:
            self._pushes, self._calls, self._waiting = (
                self._pushes - pushes,
                self._calls - calls,
                self._waiting - waiting,
            )

    async def _refuse_unspoken(self, refused: ApiProblem, scope: Scope, receive: Receive, send: Send) -> None:
        """Every till begins by asking for a challenge, in which it says who it is."""
        asks = scope["path"] == _CHALLENGES and self._full(scope) is None
        terminal_id = await _named_till(receive) if asks else ""
        await respond(refused, new_support_id(), self._random)(scope, receive, send)
        if terminal_id:
            await run_in_threadpool(self._heard, terminal_id, _protocol(scope))

    def _full(self, scope: Scope) -> ApiProblem | None:
        pushes, calls, waiting = _kind(scope)
        if (
            self._pushes + pushes > self._room.pushes
            or self._calls + calls > self._room.calls
            or self._waiting + waiting > self._room.waiting
        ):
            return ApiProblem("overloaded", "head office has no room for this now", retry_after_s=RETRY_AFTER_S)
        return None


def _kind(scope: Scope) -> tuple[int, int, int]:
    """Of a push, of a call, of one that waits: 1 or 0 each."""
    path: str = scope["path"]
    waits = path == _LIVE or b"wait_s=" in scope["query_string"]
    return int(path.startswith(_PUSHES)), int(not waits), int(waits)


async def _named_till(receive: Receive) -> str:
    """Empty when the body is no small request for a challenge."""
    body, more = b"", True
    while more and len(body) <= _CHALLENGE_BYTES_MAX:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        return str(_decode_challenge(body).terminal_id)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _protocol(scope: Scope) -> str:
    return Headers(scope=scope).get(PROTOCOL_HEADER, "")[:40]


def _unspoken(scope: Scope) -> ApiProblem | None:
    theirs = _protocol(scope)
    match standing_of(theirs):
        case Standing.SPOKEN:
            return None
        case Standing.TOO_NEW:
            message = f"head office speaks {CURRENT} and does not know {theirs} yet: update head office first"
            return ApiProblem(Standing.TOO_NEW, message, {"spoken": CURRENT})
        case Standing.TOO_OLD:
            message = f"head office speaks {CURRENT} and {PREVIOUS}, no longer {theirs}: update the till"
            return ApiProblem(Standing.TOO_OLD, message, {"spoken": CURRENT})
