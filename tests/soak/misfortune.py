"""Owns what goes wrong in the soak, and when: the weather on the wires changes turn by turn, and everything is killed in turn. Ends with clear weather and everything up."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from tests.soak.franchise import Franchise
from tests.soak.wire import CLEAR, WEATHERS

FORECAST: Final = (
    "answers lost",
    "rough",
    "cut",
    "rough",
    "answers lost",
    "nothing arrives",
    "rough",
    "nothing comes back",
)
"""Each wire is half of the forecast ahead of the next but one, so that some tills are served while others are cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    lasts_s: float
    weather_every_s: float
    kill_every_s: float


def strike(franchise: Franchise, pace: Pace, over: threading.Event) -> None:
    """For as long as the pace says, or until `over`, which it sets at the end."""
    begun = time.monotonic()
    turns = {_weather(franchise): pace.weather_every_s, _kills(franchise): pace.kill_every_s}
    due = {turn: begun + every for turn, every in turns.items()}
    for turn in turns:
        turn()
    while not over.is_set() and time.monotonic() < begun + pace.lasts_s:
        turn = min(due, key=lambda each: due[each])
        if over.wait(max(0.0, due[turn] - time.monotonic())):
            break
        due[turn] += turns[turn]
        turn()
    over.set()
    for name in franchise.names:
        franchise.wires.weather(name, CLEAR)


def _weather(franchise: Franchise) -> Callable[[], None]:
    places = {name: place * 3 for place, name in enumerate(franchise.names)}

    def turn() -> None:
        for name in places:
            kind = FORECAST[places[name] % len(FORECAST)]
            places[name] += 1
            franchise.wires.weather(name, WEATHERS[kind])
            franchise.happened[f"weather {kind}"] += 1

    return turn


def _kills(franchise: Franchise) -> Callable[[], None]:
    victims = [(stand.name, stand.kill) for stand in franchise.stands.values()]
    victims.insert(1, ("head office", franchise.head_office.kill_and_start))
    victims.insert(3, ("a process of the database", franchise.head_office.kill_a_database_process))
    order = cycle(victims)

    def turn() -> None:
        name, strike_down = next(order)
        stand = franchise.stands.get(name)
        if stand is not None and not stand.at_work.wait(60):
            raise AssertionError(f"{name} did not come back to work")
        strike_down()
        franchise.happened[f"killed {name}"] += 1

    return turn
