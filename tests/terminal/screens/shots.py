"""What a picture of a screen is: where the till stands, what is done before and there; with the circumstances that many share. Used by `make_screenshots` and its parts."""

from collections.abc import Callable
from dataclasses import dataclass, field

from terminal.language import Language
from terminal.screens.navigation import Destination
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.driving import Driver
from tests.terminal.screens.stand_in import OFFLINE

Play = Callable[[Driver], None]


def nothing(_driver: Driver) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Shot:
    name: str
    at: Destination
    play: Play = nothing
    set_up: Callable[[Bench], None] = field(default=lambda _bench: None)


def offline(bench: Bench) -> None:
    bench.counter.state = OFFLINE


def dark(bench: Bench) -> None:
    bench.appearance.next_theme()


def english(bench: Bench) -> None:
    bench.texts.use(Language.EN)


def both(*steps: Callable[[Bench], None]) -> Callable[[Bench], None]:
    def set_up(bench: Bench) -> None:
        for step in steps:
            step(bench)

    return set_up
