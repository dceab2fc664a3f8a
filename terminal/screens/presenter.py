"""What every presenter has: the desk it works at, the view it publishes, and the way it starts work. Plain Python; never imports Kivy.

A presenter lives as long as the window and is used on the UI thread only; answers come back there through the runner.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, Generic, Protocol, TypeVar

from printers.document import Receipt
from stored_value.refusals import Refusal
from terminal.counter import Counter
from terminal.language import Texts
from terminal.runner import Runner
from terminal.screens.navigation import Destination, Navigator
from terminal.screens.words import NO_NOTICE, Notice, explain

View = TypeVar("View")
T = TypeVar("T")

SLOW_AFTER_S: Final = 0.3


class Timer(Protocol):
    def __call__(self, delay_s: float, call: Callable[[], None], /) -> Callable[[], None]:
        """Calls once on the UI thread after `delay_s`; the answer cancels it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What any presenter needs, also before this machine is a till."""

    runner: Runner
    texts: Texts
    navigator: Navigator
    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(Room):
    """What stands around a presenter at the counter. `preview` draws a receipt as PNG bytes, off the UI thread."""

    counter: Counter
    now: Callable[[], datetime]
    zone: tzinfo
    preview: Callable[[Receipt], bytes]


class Presenter(ABC, Generic[View]):
    """`view` is always complete; the screen gets each new one through `listen`."""

    desk: Room

    def __init__(self, desk: Room) -> None:
        self.desk = desk
        self.destination = desk.navigator.current
        self.t = desk.texts.t
        self.busy = False
        self.slow = False
        self.notice: Notice = NO_NOTICE
        self._refusal: Refusal | None = None
        self._visit = 0
        self._asked: dict[str, int] = {}
        self._listener: Callable[[View], None] = lambda _view: None
        self._cancel_slow: Callable[[], None] = lambda: None

    @abstractmethod
    def build(self) -> View:
        """The view of this moment, from the presenter's state alone."""

    def enter(self, destination: Destination) -> None:
        """The screen is about to be shown for `destination`; what was left over from before is gone."""
        self._visit += 1
        self._idle()
        self.quiet()
        self.destination = destination
        self.begin()
        self.publish()

    def leave(self) -> None:
        """The screen is no longer shown: answers still under way are dropped."""
        self._visit += 1
        self._idle()

    @abstractmethod
    def begin(self) -> None:
        """Takes over what `destination` carries and asks for what is missing."""

    def listen(self, listener: Callable[[View], None]) -> None:
        self._listener = listener

    def publish(self) -> None:
        if self._refusal is not None:
            self.notice = explain(self._refusal, self.desk.texts)
        self._listener(self.build())

    def refuse(self, refusal: Refusal) -> None:
        """Shows why not; kept as data, so that a change of language changes the words."""
        self._refusal = refusal
        self.publish()

    def quiet(self) -> None:
        self._refusal = None
        self.notice = NO_NOTICE

    @property
    def takes_scans(self) -> bool:
        """Whether a scanned code may lead away from here now."""
        return not self.busy

    @property
    def refusal(self) -> Refusal | None:
        return self._refusal

    def ask(self, what: str, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Asks in the background; of several questions of one name only the last one's answer counts, and only while this visit lasts."""
        self._asked[what] = number = self._asked.get(what, 0) + 1
        visit = self._visit

        def answered(answer: T) -> None:
            if visit == self._visit and number == self._asked[what]:
                then(answer)

        self.desk.runner.run(work, answered)

    def act(self, work: Callable[[], T | Refusal], done: Callable[[T], None]) -> None:
        """Does what the cashier confirmed: once at a time, refusals shown, and a word of patience only when it takes longer than 300 ms."""
        if self.busy:
            return
        self.busy = True
        self.quiet()
        self._cancel_slow = self.desk.timer(SLOW_AFTER_S, self._become_slow)
        self.publish()

        def answered(answer: T | Refusal) -> None:
            self._idle()
            if isinstance(answer, Refusal):
                self.refuse(answer)
            else:
                done(answer)

        self.ask("act", work, answered)

    def stopped_by_defect(self, notice: Notice) -> None:
        """A bug ended the action: the screen says so and is usable again."""
        self._idle()
        self._refusal, self.notice = None, notice
        self.publish()

    def _become_slow(self) -> None:
        self.slow = self.busy
        self.publish()

    def _idle(self) -> None:
        self._cancel_slow()
        self.busy = self.slow = False


class CounterPresenter(Presenter[View]):
    """A presenter of a till at work."""

    desk: Desk

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
