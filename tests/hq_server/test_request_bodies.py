"""A call that stops half-way, as after a cut line, is given up and gives its place back; a whole body is read whatever parts it comes in."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.types import Message

from hq_server.config import HqConfig
from hq_server.errors import ApiProblem
from hq_server.request_bodies import Body, read_body
from sync.errors import HqBusy
from tests.hq_server.furnished import config_of
from tests.hq_server.served import PushingTill, StandingClock
from tests.hq_server.serving import serving
from tests.waiting import until

SHORT_S = 0.05


def part(body: bytes, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def read(receive: Callable[[], Awaitable[Message]]) -> Body:
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    return asyncio.run(asyncio.wait_for(read_body(request, SHORT_S), timeout=20))


def test_a_body_in_parts_is_read_whole() -> None:
    left = [part(b"[1,"), part(b""), part(b"2]", more=False)]

    async def receive() -> Message:
        return left.pop(0)

    assert read(receive).decode(list[int]) == [1, 2]


def test_a_body_that_stops_is_given_up() -> None:
    left = [part(b"[1,")]

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    with pytest.raises(ApiProblem) as given_up:
        read(receive)
    assert given_up.value.code == "body_too_slow"


def test_a_body_that_drips_for_ever_is_given_up() -> None:
    async def receive() -> Message:
        came = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(came.set_result, None)
        await came
        return part(b"")

    with pytest.raises(ApiProblem) as given_up:
        read(receive)
    assert given_up.value.code == "body_too_slow"


def one_push_at_once(at_rest: Path, folder: Path, pause_s: float) -> HqConfig:
    shutil.copytree(at_rest, folder, dirs_exist_ok=True)
    return config_of(folder).model_copy(update={"pushes_at_once_max": 1, "body_pause_max_s": pause_s})


def test_a_till_whose_line_was_cut_within_a_push_takes_nobodys_place(furnished_sqlite: Path, tmp_path: Path) -> None:
    with serving(one_push_at_once(furnished_sqlite, tmp_path, SHORT_S), StandingClock()) as hq:
        till = hq.till()
        till.enrol_member()
        with contextlib.closing(_cut_within_a_push(till)):
            until(lambda: _pushed(till), what="a place for the push")


def test_a_stranger_is_turned_away_before_he_has_sent_anything(furnished_sqlite: Path, tmp_path: Path) -> None:
    with serving(one_push_at_once(furnished_sqlite, tmp_path, 3_600), StandingClock()) as hq:
        till = hq.till()
        till.enrol_member()
        token, till.client.token = till.client.token, "not a token"
        with contextlib.closing(_cut_within_a_push(till)) as line:
            assert line.recv(12) == b"HTTP/1.1 401"
            till.client.token = token
            until(lambda: _pushed(till), what="a place for the push")


def _cut_within_a_push(till: PushingTill) -> socket.socket:
    address = urlsplit(till.hq.url)
    assert address.hostname
    assert address.port
    line = socket.create_connection((address.hostname, address.port), timeout=20)
    asked = (
        f"POST /v1/journals/{till.terminal_id} HTTP/1.1\r\nHost: hq\r\nAuthorization: Bearer {till.client.token}\r\n"
    )
    line.sendall(f"{asked}Content-Length: 100000\r\n\r\n{{".encode())
    return line


def _pushed(till: PushingTill) -> bool:
    try:
        return till.push().accepted_through > 0
    except HqBusy:
        return False
