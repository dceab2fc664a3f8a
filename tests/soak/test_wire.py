"""The instruments of the long test by themselves: what the wires do to packets, and what they take for an answer."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from tests.soak.namespaces import inside, namespace
from tests.soak.packets import Segment, tcp_segment
from tests.soak.wire import CLEAR, PUSH, WEATHERS, Wires
from tests.waiting import until


def packet(payload: bytes, *, flags: int = 0x18, protocol: int = 6, options: bytes = b"") -> bytes:
    tcp = struct.pack("!HHIIBBHHH", 41_000, 8700, 1, 1, (20 + len(options)) * 4, flags, 500, 0, 0) + options + payload
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, protocol, 0, b"\x0a\x4d\0\2", b"\x0a\x4d\0\1"
    )
    return header + tcp


def test_a_segment_is_read_with_and_without_options_and_padding() -> None:
    assert tcp_segment(packet(b"hello")) == Segment(41_000, 8700, opens=False, payload=b"hello")
    assert tcp_segment(packet(b"hello", options=b"\x01" * 12)) == Segment(41_000, 8700, opens=False, payload=b"hello")
    assert tcp_segment(packet(b"hello") + b"\0\0") == Segment(41_000, 8700, opens=False, payload=b"hello")
    assert tcp_segment(packet(b"", flags=0x02)) == Segment(41_000, 8700, opens=True, payload=b"")


@pytest.mark.parametrize("other", [b"", b"\x60" + bytes(60), packet(b"x", protocol=17), packet(b"x")[:30]])
def test_what_is_no_tcp_over_ipv4_is_none(other: bytes) -> None:
    assert tcp_segment(other) is None


@pytest.fixture
def wired() -> Iterator[tuple[Wires, str, str, str]]:
    """Wires, the two namespaces, and the address of the far one."""
    with ExitStack() as stack:
        near, far = (stack.enter_context(namespace(name)) for name in ("near", "far"))
        wires = Wires(seed=1)
        address = wires.lay("only", near, far, 250)
        yield stack.enter_context(wires), near, far, address


def answering(listener: socket.socket) -> None:
    """Says 200 to whatever it is asked, for ever."""

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                while peer.recv(4096):
                    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.slow
@pytest.mark.namespaces
def test_an_answer_is_lost_after_the_request_was_heard(wired: tuple[Wires, str, str, str]) -> None:
    """Both sides are still connected; the one waits in vain for what the other has said."""
    wires, near, far, address = wired
    listener = inside(far, lambda: socket.create_server(("0.0.0.0", 8700)))
    with closing(listener):
        answering(listener)
        asking = inside(near, lambda: socket.create_connection((address, 8700), timeout=5))
        with asking:
            asking.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert asking.recv(100).startswith(b"HTTP/1.1 200")
            wires.weather("only", replace(CLEAR, loses_answers=True))
            asking.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert asking.recv(100).startswith(b"HTTP/1.1 200"), "only the answers to pushes are lost"
            asking.sendall(PUSH + b"S01-T1 HTTP/1.1\r\n\r\n")
            until(lambda: wires.happened["applied, answer lost"], what="head office's answer to be lost")
            asking.settimeout(0.3)
            with pytest.raises(TimeoutError):
                asking.recv(100)
        with inside(near, lambda: socket.create_connection((address, 8700), timeout=5)) as again:
            again.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert again.recv(100).startswith(b"HTTP/1.1 200"), "a new conversation is heard"


@pytest.mark.slow
@pytest.mark.namespaces
@pytest.mark.parametrize("weather", ["cut", "nothing arrives", "nothing comes back"])
def test_a_cut_wire_carries_nothing_that_way(wired: tuple[Wires, str, str, str], weather: str) -> None:
    wires, near, far, address = wired
    with closing(inside(far, lambda: socket.create_server(("0.0.0.0", 8700)))) as listener:
        answering(listener)
        wires.weather("only", WEATHERS[weather])
        with pytest.raises(TimeoutError):
            inside(near, lambda: socket.create_connection((address, 8700), timeout=0.5))
        assert wires.happened["packets cut"] > 0
        wires.weather("only", CLEAR)
        with inside(near, lambda: socket.create_connection((address, 8700), timeout=5)):
            pass
