"""One deadline over the whole of a question: the name, the line, the answer to its last byte."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sync.client import HqClient
from sync.errors import HqUnreachable
from sync.lines import Lines, look_up_name
from sync.messages import FindMember
from tests.waiting import until

ANSWER = b'{"epoch":"e","members":[],"as_of":"2026-11-23T04:00:00Z"}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
ANYBODY = FindMember(member_no="0001000017")
DEADLINE_S = 0.2
PAUSE_S = 0.05
"""Between two bytes: each comes well within the deadline, all of them long after it."""


class SlowServer:
    """Answers every request with the same bytes: those of `trickling` one by one, the others at once."""

    def __init__(self, answer: bytes, trickling: bytes) -> None:
        self._at_once, self._trickling = (HEAD % len(answer) + answer).removesuffix(trickling), trickling
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self.lines += 1
                self._threads.append(threading.Thread(target=self._serve, args=(line,), daemon=True))
                self._threads[-1].start()

    def _serve(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            while _request(line):
                line.sendall(self._at_once)
                for place in range(len(self._trickling)):
                    self._closed.wait(PAUSE_S)
                    line.sendall(self._trickling[place : place + 1])


def _request(line: socket.socket) -> bool:
    """The whole of the next one; False when there is none."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        more = line.recv(65_536)
        if not more:
            return False
        heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    told = (each for each in head.lower().split(b"\r\n") if each.startswith(b"content-length:"))
    length = sum(int(each.split(b":")[1]) for each in told)
    while len(body) < length:
        body += line.recv(65_536)
    return True


@contextlib.contextmanager
def serving(trickling: bytes = b"", answer: bytes = ANSWER) -> Iterator[SlowServer]:
    server = SlowServer(answer, trickling)
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize(
    "trickling", [HEAD % len(ANSWER) + ANSWER, ANSWER], ids=["from its first byte", "after its head"]
)
def test_an_answer_that_trickles_is_none_at_the_deadline(trickling: bytes) -> None:
    with serving(trickling) as server, HqClient(server.url) as client, pytest.raises(HqUnreachable):
        client.find_member(ANYBODY, deadline_s=DEADLINE_S)


def test_without_a_deadline_only_each_silence_is_bounded() -> None:
    """Of a push the whole is not bounded: a slow line is a line. Nor does the deadline of the question before it stand."""
    with serving(ANSWER[-8:]) as server, HqClient(server.url, timeout_s=5) as client:
        with pytest.raises(HqUnreachable):
            client.find_member(ANYBODY, deadline_s=DEADLINE_S)
        assert client.find_member(ANYBODY).members == ()


def test_a_line_that_stands_open_serves_the_next_question() -> None:
    with serving() as server, HqClient(server.url) as client:
        for _ in range(3):
            assert client.find_member(ANYBODY, deadline_s=5).members == ()
        assert server.lines == 1


class SlowNames:
    """A name server that says nothing until it is told to, or for ten seconds."""

    def __init__(self) -> None:
        self.may_say = threading.Event()
        self.asked = 0
        self.said = 0

    def __call__(self, host: str, port: int) -> list[tuple[Any, Any, int, str, tuple[Any, ...]]]:
        assert host == "hq.example.com"
        self.asked += 1
        self.may_say.wait(10)
        self.said += 1
        return look_up_name("127.0.0.1", port)


def test_a_name_server_that_is_silent_is_not_waited_for_beyond_the_deadline() -> None:
    """The router is up, the line behind it is cut: the usual cut. What the name server says too late serves the next question."""
    names = SlowNames()
    with serving() as server:
        url = f"http://hq.example.com:{server.port}"
        with HqClient(url, transport=Lines(idle_s=5, look_up=names)) as client:
            for _ in range(2):
                with pytest.raises(HqUnreachable):
                    client.find_member(ANYBODY, deadline_s=DEADLINE_S)
            assert (names.asked, names.said) == (1, 0), "it is asked once, however many wait"
            names.may_say.set()
            until(lambda: names.said == 1, what="the name server's word")
            assert client.find_member(ANYBODY, deadline_s=5).members == ()
            assert names.asked == 1


def test_a_name_that_is_not_found_is_asked_for_again() -> None:
    known: list[str] = []

    def look_up(host: str, port: int) -> list[tuple[Any, Any, int, str, tuple[Any, ...]]]:
        if not known:
            raise socket.gaierror(f"{host} is not known")
        return look_up_name(known[0], port)

    with (
        serving() as server,
        HqClient(f"http://hq.example.com:{server.port}", transport=Lines(idle_s=5, look_up=look_up)) as client,
    ):
        with pytest.raises(HqUnreachable):
            client.find_member(ANYBODY, deadline_s=5)
        known.append("127.0.0.1")
        assert client.find_member(ANYBODY, deadline_s=5).members == ()


def test_of_several_addresses_one_that_refuses_is_passed_over() -> None:
    def look_up(_: str, port: int) -> list[tuple[Any, Any, int, str, tuple[Any, ...]]]:
        return [*look_up_name("127.0.0.2", port), *look_up_name("127.0.0.1", port)]

    with serving() as server:
        url = f"http://hq.example.com:{server.port}"
        with HqClient(url, transport=Lines(idle_s=5, look_up=look_up)) as client:
            assert client.find_member(ANYBODY, deadline_s=5).members == ()
