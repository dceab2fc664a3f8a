"""Owns the wires between tills and head office: TUN devices in two namespaces each, and one thread that carries every packet, late, twice or not at all.

Made anew because not every kernel has netem. Knows packets, not money; what the weather is like on a wire is told from outside (`Wires.weather`).
"""

import contextlib
import heapq
import itertools
import os
import random
import selectors
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final, Self

from tests.soak.namespaces import tunnel_end
from tests.soak.packets import tcp_segment

PUSH: Final = b"POST /v1/journals/"
_DONE: Final = b"HTTP/1.1 200"
_PACKET_BYTES: Final = 65_536
_AT_ONCE: Final = 64
_TICK_S: Final = 0.2
UP, DOWN = 0, 1
"""From the till to head office, and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Each way. `loses_answers`: of whoever pushes, head office's answers are lost to the end of that conversation."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    doubled: float = 0.0
    up: bool = True
    down: bool = True
    loses_answers: bool = False


CLEAR: Final = Weather()
ROUGH: Final = Weather(delay_s=0.2, jitter_s=0.04, loss=0.05, doubled=0.01)
"""Loss 5 %, delay 200 ms each way; jitter reorders."""
WEATHERS: Final = {
    "rough": ROUGH,
    "answers lost": replace(ROUGH, loses_answers=True),
    "cut": replace(ROUGH, up=False, down=False),
    "nothing arrives": replace(ROUGH, up=False),
    "nothing comes back": replace(ROUGH, down=False),
}


@dataclass(slots=True)
class _Wire:
    """`ends`: descriptors in the till's namespace and in head office's."""

    name: str
    ends: tuple[int, int]
    weather: Weather = CLEAR
    doomed: dict[int, bool] = field(default_factory=dict)
    """Ports of the till whose answers are lost; True once a lost one was seen to say that all was done."""


class Wires:
    """Carries while the `with` lasts. `happened` counts packets and lost answers. `weather` may be called from any thread."""

    def __init__(self, seed: int) -> None:
        self.happened: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._wires: dict[str, _Wire] = {}
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._numbers = itertools.count()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="wires", daemon=True)

    def lay(self, name: str, till: str, head_office: str, place: int) -> str:
        """A wire between two namespaces, before the `with`; head office's address as the till sees it."""
        near, far = f"10.77.{place}.2", f"10.77.{place}.1"
        ends = (
            tunnel_end(till, f"t{place}", near, far),
            tunnel_end(head_office, f"h{place}", far, near),
        )
        self._wires[name] = _Wire(name, ends)
        return far

    def weather(self, name: str, weather: Weather) -> None:
        self._wires[name].weather = weather

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()
        for wire in self._wires.values():
            for end in wire.ends:
                os.close(end)

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            for wire in self._wires.values():
                for way, end in enumerate(wire.ends):
                    selector.register(end, selectors.EVENT_READ, (wire, way))
            while not self._closed.is_set():
                for key, _ in selector.select(self._until_due()):
                    self._take(key.fd, *key.data)
                self._deliver()

    def _until_due(self) -> float:
        return min(_TICK_S, max(0.0, self._waiting[0][0] - time.monotonic())) if self._waiting else _TICK_S

    def _take(self, end: int, wire: _Wire, way: int) -> None:
        for _ in range(_AT_ONCE):
            try:
                packet = os.read(end, _PACKET_BYTES)
            except BlockingIOError:
                return
            copies = self._copies(wire, way, packet)
            for _ in range(copies):
                late = wire.weather.delay_s + self._chance.uniform(-1, 1) * wire.weather.jitter_s
                due = time.monotonic() + max(0.0, late)
                heapq.heappush(self._waiting, (due, next(self._numbers), wire.ends[1 - way], packet))

    def _copies(self, wire: _Wire, way: int, packet: bytes) -> int:
        """How many of a packet arrive."""
        weather = wire.weather
        reasons: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("packets of lost answers", lambda: self._is_lost_answer(wire, way, packet)),
            ("packets cut", lambda: not (weather.up if way == UP else weather.down)),
            ("packets lost", lambda: self._chance.random() < weather.loss),
        )
        for reason, applies in reasons:
            if applies():
                self.happened[reason] += 1
                return 0
        if self._chance.random() < weather.doubled:
            self.happened["packets doubled"] += 1
            return 2
        self.happened["packets carried"] += 1
        return 1

    def _is_lost_answer(self, wire: _Wire, way: int, packet: bytes) -> bool:
        """A push goes through, and nothing that head office says on that conversation afterwards does. The conversation itself goes on: it is no cut."""
        segment = tcp_segment(packet)
        if segment is None:
            return False
        if way == UP:
            if segment.opens:
                wire.doomed.pop(segment.source_port, None)
            elif wire.weather.loses_answers and segment.payload.startswith(PUSH):
                wire.doomed.setdefault(segment.source_port, False)
            return False
        if segment.target_port not in wire.doomed or not segment.payload:
            return False
        if segment.payload.startswith(_DONE) and not wire.doomed[segment.target_port]:
            wire.doomed[segment.target_port] = True
            self.happened["applied, answer lost"] += 1
            self.happened[f"applied, answer lost at {wire.name}"] += 1
        return True

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            *_, end, packet = heapq.heappop(self._waiting)
            with contextlib.suppress(OSError):  # a full queue drops, as routers do
                os.write(end, packet)
