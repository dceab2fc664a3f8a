"""Owns what goes wrong in the soak, and when: the weather on the wires changes turn by turn, and everything is killed in turn. Ends with clear weather and everything up."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from tests.soak.franchise import Franchise
from tests.soak.wire import CLEAR, WEATHERS

_BAD: Final = ("answers lost", "cut", "nothing arrives", "nothing comes back")
FORECAST: Final = tuple(kind for bad in _BAD for kind in (bad, "rough", "rough", "rough"))
_AHEAD: Final = 5
"""Each wire is so many turns ahead of the one before, so that one of four is bad at a time. A bad one costs its till more than the turn: open connections hang until their
time is up, then come back-offs."""


_LONGER: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    lasts_s: float
    weather_every_s: float
    kill_every_s: float


def strike(franchise: Franchise, pace: Pace, over: threading.Event) -> None:
    """For as long as the pace says; longer, where a slow machine has not come round to everything. Ends at `over`, which it sets itself in the end."""
    kills = cycle(_victims(franchise))
    turns: dict[Callable[[], None], float] = {
        _weather(franchise): pace.weather_every_s,
        lambda: _kill(franchise, next(kills)): pace.kill_every_s,
    }
    begun = time.monotonic()
    due = dict(zip(turns, (begun, begun + pace.kill_every_s), strict=True))
    while not _is_enough(franchise, time.monotonic() - begun, pace):
        turn = min(due, key=lambda each: due[each])
        if over.wait(max(0.0, due[turn] - time.monotonic())):
            break
        due[turn] += turns[turn]
        turn()
    over.set()
    for name in franchise.names:
        franchise.wires.weather(name, CLEAR)


def _is_enough(franchise: Franchise, passed_s: float, pace: Pace) -> bool:
    if passed_s < pace.lasts_s:
        return False
    struck = all(franchise.happened[f"killed {name}"] for name in _victims(franchise))
    return passed_s > _LONGER * pace.lasts_s or (struck and bool(franchise.wires.happened["applied, answer lost"]))


def _weather(franchise: Franchise) -> Callable[[], None]:
    places = {name: place * _AHEAD for place, name in enumerate(franchise.names)}

    def turn() -> None:
        for name in places:
            kind = FORECAST[places[name] % len(FORECAST)]
            places[name] += 1
            franchise.wires.weather(name, WEATHERS[kind])
            franchise.happened[f"weather {kind}"] += 1

    return turn


def _victims(franchise: Franchise) -> list[str]:
    one, two, *others = franchise.names
    return [one, "head office", two, "a process of the database", *others]


def _kill(franchise: Franchise, name: str) -> None:
    match name:
        case "head office":
            franchise.head_office.kill_and_start()
        case "a process of the database":
            franchise.head_office.kill_a_database_process()
        case _:
            stand = franchise.stands[name]
            assert stand.at_work.wait(60), f"{name} did not come back to work"
            stand.kill()
    franchise.happened[f"killed {name}"] += 1
