"""A connected till as head office meets it: it waits on the live channel, and reads what has moved. Many of them share one event loop.

Speaks HTTP by itself over one connection that stays open: a client library would use as much of the machine as head office does.
"""

import asyncio
from pathlib import Path
from random import random
from time import perf_counter
from typing import Final, Self, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.identity import MemberId
from sync.client import SEALED_PAGE_TYPE, scope_key_bytes
from sync.enrolment import Enrolment, EnrolmentRequest
from sync.feed import open_page, page_of, read_page
from sync.grants import Grants
from sync.keys import public_key_text, session_statement, sign
from sync.live import LiveRequest, News
from sync.messages import (
    GLOBAL_SCOPE,
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    Challenge,
    ChallengeRequest,
    MemberRow,
    ScopeKey,
    Session,
    SessionRequest,
)
from terminal.replica.replica import Replica
from terminal.syncing.worker import TOLD_POLL_S

WAIT_S: Final = 20.0
LOOK_S: Final = TOLD_POLL_S

_OK: Final = 200
_T = TypeVar("_T")
_encode = msgspec.json.Encoder(order="sorted").encode


class Refused(Exception):
    """Head office answered with another status than 200."""


class _Line:
    """One connection, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.token = ""

    async def call(self, method: str, path: str, body: bytes = b"") -> tuple[str, bytes]:
        """The answer's head in lower case, and its body."""
        head = f"{method} {path} HTTP/1.1\r\nHost: hq\r\n{PROTOCOL_HEADER}: {PROTOCOL_VERSION}\r\n"
        if self.token:
            head += f"Authorization: Bearer {self.token}\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(answered.split(" ", 2)[1])
        length = int(answered.split("content-length:", 1)[1].split("\r\n", 1)[0])
        content = await self._reader.readexactly(length)
        if status != _OK:
            raise Refused(f"{method} {path}: {status} {content[:200].decode('utf-8', 'replace')}")
        return answered, content

    async def get(self, path: str, answer: type[_T]) -> _T:
        return msgspec.json.decode((await self.call("GET", path))[1], type=answer)

    async def post(self, path: str, message: object, answer: type[_T]) -> _T:
        return msgspec.json.decode((await self.call("POST", path, _encode(message)))[1], type=answer)

    def close(self) -> None:
        self._writer.close()


class WaitingTill:
    """`seen`: of each member of whom a row came, when it was here, in seconds of this process's clock: in the replica once `keep` was called, read and
    understood without. `blocked`: when it was told of a block."""

    def __init__(self, line: _Line, terminal_id: str, store_id: str, epoch: str) -> None:
        self._line = line
        self.terminal_id = terminal_id
        self.store_id = store_id
        self._epoch = epoch
        self._cursors = {GLOBAL_SCOPE: 0, store_id: 0}
        self._grants = 0
        self._look_at = perf_counter() + LOOK_S * random()
        self.seen: dict[MemberId, float] = {}
        self.blocked: dict[MemberId, float] = {}
        self.woken = 0
        self._replica: Replica | None = None

    @classmethod
    async def enrolled(cls, host: str, port: int, code: str) -> Self:
        """With a session, its feeds read to their ends."""
        line, key = _Line(*await asyncio.open_connection(host, port)), Ed25519PrivateKey.generate()
        known = await line.post(
            "/v1/enrolments", EnrolmentRequest(code=code, public_key=public_key_text(key)), Enrolment
        )
        terminal_id = known.terminal_id
        asked = await line.post("/v1/challenges", ChallengeRequest(terminal_id=terminal_id), Challenge)
        signature = sign(key, session_statement(asked.challenge))
        session = await line.post(
            "/v1/sessions",
            SessionRequest(terminal_id=terminal_id, challenge=asked.challenge, signature=signature),
            Session,
        )
        line.token = session.token
        return cls(line, terminal_id, known.store_id, session.epoch)

    async def keep(self, folder: Path) -> None:
        """From here on in a till's own replica, filled from the feeds' beginnings."""
        self._replica = Replica.open(folder / f"{self.terminal_id}.db")
        for scope in self._cursors:
            while await self._read(scope):
                pass
        self.seen.clear()

    async def begin(self) -> None:
        """Whatever happened so far is not news."""
        news = await self._news(0.0)
        self._cursors |= news.heads
        self._grants = news.grants

    async def follow(self) -> None:
        """Until cancelled."""
        try:
            while True:
                left_s = self._look_at - perf_counter()
                await self._heed(await self._news(max(0.0, min(WAIT_S, left_s))))
        finally:
            self._line.close()
            if self._replica is not None:
                self._replica.close()

    async def _news(self, wait_s: float) -> News:
        known = LiveRequest(epoch=self._epoch, cursors=self._cursors, grants_after=self._grants, wait_s=wait_s)
        return await self._line.post("/v1/live", known, News)

    async def _heed(self, news: News) -> None:
        """As a till's cycle does: blocks at once, the feeds that moved, then new grants; everything when it is time to look. What all tills were told is asked for one by one."""
        is_due = perf_counter() >= self._look_at
        now = perf_counter()
        for row in news.blocks:
            self.blocked.setdefault(row.member_id, now)
        behind = [scope for scope, cursor in self._cursors.items() if news.heads.get(scope, 0) > cursor]
        is_granted = news.grants > self._grants
        self.woken += bool(behind) or is_granted
        if behind == [GLOBAL_SCOPE] and not is_granted:
            await asyncio.sleep(news.spread_s * random())
        if is_due:
            self._look_at = perf_counter() + LOOK_S
        for scope in self._cursors if is_due else behind:
            while await self._read(scope):
                pass
        if is_due or is_granted:
            await self._line.get(f"/v1/grants?after={self._grants}", Grants)
            self._grants = max(self._grants, news.grants)

    async def _read(self, scope: str) -> bool:
        """One page; whether there is another after it."""
        cursor = self._cursors[scope]
        number = page_of(cursor + 1)
        head, content = await self._line.call("GET", f"/v1/feed/{scope}/{self._epoch}/{number}")
        if SEALED_PAGE_TYPE in head:
            key = scope_key_bytes(await self._line.get(f"/v1/scopes/{scope}/key", ScopeKey))
            page = open_page(key, content, scope, self._epoch, number)
        else:
            page = read_page(content)
        if self._replica is not None:
            self._replica.apply_page(page)
        now = perf_counter()
        for entry in page.entries:
            if entry.seq > cursor and isinstance(entry.row, MemberRow):
                self.seen.setdefault(entry.row.member_id, now)
        self._cursors[scope] = max(cursor, page.head)
        return page.sealed
