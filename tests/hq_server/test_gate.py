"""The gate: what is full answers at once, unread and with a spread Retry-After; room that is given back is there again; versions are told apart."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from hq_server.gate import RETRY_AFTER_S, Gate, Room
from sync.messages import PROTOCOL_HEADER, ApiError
from sync.versions import CURRENT, PREVIOUS

ROOM = Room(pushes=2, calls=4, waiting=3)


class Answer:
    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")

    @property
    def code(self) -> str:
        return msgspec.json.decode(self.body, type=ApiError).code


async def unread() -> Message:
    raise AssertionError("the body was read")


def scope(path: str, query: str = "", version: str = CURRENT) -> Scope:
    headers = [(PROTOCOL_HEADER.lower().encode(), version.encode())] if version else []
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }


class SlowOffice:
    """Answers nobody before `go`."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self._arrivals: asyncio.Queue[None] = asyncio.Queue()
        self.heard: list[tuple[str, str]] = []
        self.gate = Gate(self, ROOM, Random(7).randbytes, lambda *told: self.heard.append(told))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self._arrivals.put_nowait(None)
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def arrived(self, count: int) -> None:
        for _ in range(count):
            await self._arrivals.get()

    async def ask(self, path: str, query: str = "", version: str = CURRENT, receive: Receive = unread) -> Answer:
        answer = Answer()
        await self.gate(scope(path, query, version), receive, answer.send)
        return answer


def played(scenario: Callable[[SlowOffice], Awaitable[None]]) -> None:
    async def play() -> None:
        await scenario(SlowOffice())

    asyncio.run(asyncio.wait_for(play(), timeout=20))


@pytest.mark.parametrize(
    ("path", "query", "fits"),
    [
        ("/v1/journals/S01-T1", "", ROOM.pushes),
        ("/v1/recoveries/S01-T1", "", ROOM.pushes),
        ("/v1/members/find", "", ROOM.calls),
        ("/v1/live", "", ROOM.waiting),
        ("/v1/feed/S01/e/1", "wait_s=20", ROOM.waiting),
    ],
)
def test_what_is_full_is_answered_at_once_and_has_room_again_afterwards(path: str, query: str, fits: int) -> None:
    async def scenario(office: SlowOffice) -> None:
        inside = [asyncio.create_task(office.ask(path, query)) for _ in range(fits)]
        await office.arrived(fits)
        refused = await office.ask(path, query)
        assert (refused.status, refused.code) == (503, "overloaded")
        assert RETRY_AFTER_S <= int(refused.headers["retry-after"]) <= 2 * RETRY_AFTER_S
        office.go.set()
        assert [answer.status for answer in await asyncio.gather(*inside)] == [200] * fits
        assert (await office.ask(path, query)).status == 200

    played(scenario)


def test_tills_that_wait_for_news_take_no_room_from_those_who_push() -> None:
    async def scenario(office: SlowOffice) -> None:
        for _ in range(ROOM.waiting):
            asyncio.get_running_loop().create_task(office.ask("/v1/live"))
        pushing = [asyncio.create_task(office.ask("/v1/journals/S01-T1")) for _ in range(ROOM.pushes)]
        await office.arrived(ROOM.waiting + ROOM.pushes)
        office.go.set()
        assert [answer.status for answer in await asyncio.gather(*pushing)] == [200] * ROOM.pushes

    played(scenario)


def test_what_broke_off_gives_its_room_back() -> None:
    async def scenario(office: SlowOffice) -> None:
        for _ in range(3):
            inside = [asyncio.create_task(office.ask("/v1/journals/S01-T1")) for _ in range(ROOM.pushes)]
            await office.arrived(ROOM.pushes)
            for task in inside:
                task.cancel()
            await asyncio.gather(*inside, return_exceptions=True)
        office.go.set()
        assert (await office.ask("/v1/journals/S01-T1")).status == 200

    played(scenario)


def test_pages_of_the_console_pass_by() -> None:
    async def scenario(office: SlowOffice) -> None:
        office.go.set()
        assert (await office.ask("/console/", version="2999-01-01")).status == 200

    played(scenario)


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [
        (CURRENT, 200, ""),
        (PREVIOUS, 200, ""),
        ("", 200, ""),
        ("2027-05-01", 400, "protocol_too_new"),
        ("2025-01-01", 426, "protocol_too_old"),
    ],
)
def test_the_version_of_a_till_is_looked_at_before_anything_else(version: str, status: int, code: str) -> None:
    async def scenario(office: SlowOffice) -> None:
        office.go.set()
        answer = await office.ask("/v1/sessions", version=version)
        assert answer.status == status
        if code:
            assert answer.code == code
            assert answer.headers[PROTOCOL_HEADER.lower()] == CURRENT

    played(scenario)


@pytest.mark.parametrize(
    ("parts", "heard"),
    [
        ((b'{"terminal_id":', b'"S01-T1"}'), [("S01-T1", "2025-01-01")]),
        ((b'{"terminal_id":7}',), []),
        ((b"\xff\xfe",), []),
        ((b" " * 2_000, b'{"terminal_id":"S01-T1"}'), []),
    ],
    ids=["in two parts", "no till", "no text", "too much"],
)
def test_who_is_refused_for_his_protocol_is_heard_when_he_asks_for_a_challenge(
    parts: tuple[bytes, ...], heard: list[tuple[str, str]]
) -> None:
    async def scenario(office: SlowOffice) -> None:
        left = list(parts)

        async def receive() -> Message:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        answer = await office.ask("/v1/challenges", version="2025-01-01", receive=receive)
        assert answer.code == "protocol_too_old"
        assert office.heard == heard
        assert (await office.ask("/v1/sessions", version="2025-01-01")).code == "protocol_too_old", "unread"

    played(scenario)
