"""The network between tills and head office: who is cut off, which request meets which mishap, what arrives late. Knows bytes and machines' labels, no message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final, Protocol

import httpx

from tongchu.simulation.head_office import HeadOffice, HeadOfficeDown
from tongchu.simulation.in_process import Answer, Call
from tongchu.simulation.record import Record
from tongchu.simulation.virtual_time import VirtualTime

LATENCY: Final = timedelta(milliseconds=15)
MISHAPS_A_CALL: Final = 0.03


class Mishap(Protocol):
    """What goes wrong with one request and its answer."""

    name: str

    def carry(self, passage: "Passage") -> Answer:
        """The answer that the till gets, or an `httpx` error."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One request on its way, as a mishap may handle it."""

    network: "Network"
    label: str
    call: Call

    @property
    def chance(self) -> Random:
        return self.network.chance

    def deliver(self) -> Answer:
        return self.network.deliver(self.label, self.call)

    def wait(self, seconds: float) -> None:
        self.network.time.pass_by(timedelta(seconds=seconds))

    def give_up(self) -> httpx.ReadTimeout:
        """The till waited as long as it does; raise what this returns."""
        self.wait(self.call.patience_s)
        return httpx.ReadTimeout("no answer")

    def arrive_after(self, calls: int) -> None:
        """The request reaches head office when that many others have passed; its answer nobody."""
        self.network.keep_for_later(calls, self.label, self.call)


@dataclass(slots=True)
class _Late:
    left: int
    label: str
    call: Call


class Network:
    def __init__(self, office: HeadOffice, time: VirtualTime, record: Record, chance: Random) -> None:
        self.time = time
        self.chance = chance
        self.mishaps: Sequence[Mishap] = ()
        self._office = office
        self._record = record
        self.on_answer: Callable[[str, Call, Answer], None] = _nobody_listens
        self._cuts: dict[str, int] = {}
        self._late: list[_Late] = []

    def cut(self, label: str) -> None:
        """Both ways; `mend` as often."""
        self._cuts[label] = self._cuts.get(label, 0) + 1

    def mend(self, label: str) -> None:
        self._cuts[label] = max(0, self._cuts.get(label, 0) - 1)

    def mend_all(self) -> None:
        """Nothing goes wrong from now on; what is still on its way arrives."""
        self._cuts.clear()
        self.mishaps = ()
        self._arrive(everything=True)

    def carry(self, label: str, call: Call) -> httpx.Response:
        self._arrive()
        self.time.pass_by(LATENCY)
        if self._cuts.get(label):
            self._record.note(self.time(), f"{label} cut off: {call.method} {call.path}")
            raise httpx.ConnectError("cut off")
        mishap = self._next_mishap()
        if mishap is None:
            return self.deliver(label, call).response()
        self._record.note(self.time(), f"{label} {mishap.name}: {call.method} {call.path}")
        self._record.count(mishap.name)
        return mishap.carry(Passage(self, label, call)).response()

    def deliver(self, label: str, call: Call) -> Answer:
        try:
            answer = self._office.answer(call)
        except HeadOfficeDown as down:
            self._record.note(self.time(), f"{label} head office is down: {call.method} {call.path}")
            if down.heard:
                raise httpx.ReadError("the line broke") from down
            raise httpx.ConnectError("nobody listens") from down
        self._record.count("requests")
        self._record.seen(self.time(), label, call, answer)
        self.on_answer(label, call, answer)
        return answer

    def keep_for_later(self, calls: int, label: str, call: Call) -> None:
        self._late.append(_Late(calls, label, call))

    def _next_mishap(self) -> Mishap | None:
        if not self.mishaps or self.chance.random() >= MISHAPS_A_CALL:
            return None
        return self.chance.choice(self.mishaps)

    def _arrive(self, *, everything: bool = False) -> None:
        for late in self._late:
            late.left -= 1
        due = [late for late in self._late if late.left <= 0 or everything]
        self._late = [late for late in self._late if late not in due]
        for late in due:
            if not self._office.up:
                continue
            try:
                self.deliver(f"{late.label} late", late.call)
            except httpx.HTTPError:
                continue  # it is lost after all: head office died of it
            self._record.count("arrived late")


def _nobody_listens(_label: str, _call: Call, _answer: Answer) -> None:
    """Until the world says who."""


class Wire(httpx.BaseTransport):
    """A till's end of the network."""

    def __init__(self, network: Network, label: str) -> None:
        self._network = network
        self._label = label

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._network.carry(self._label, Call.of(request))
