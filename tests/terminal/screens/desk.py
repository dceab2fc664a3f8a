"""A desk for presenter tests: a runner that works at once, a timer that a test winds by hand, no window anywhere."""

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any, TypeVar, cast

from printers.document import Receipt
from terminal.counter import Counter
from terminal.language import Language, Texts
from terminal.screens.appearance import Appearance
from terminal.screens.enrolment_words import EnrolmentFailure
from terminal.screens.first_start import FirstStart
from terminal.screens.front import Front
from terminal.screens.keypad_view import CONFIRM
from terminal.screens.navigation import Destination, EnrolTill, Home, Navigator
from terminal.screens.presenter import Desk, Room
from terminal.screens.till import Till
from terminal.theme import ThemeName
from tests.terminal.screens.stand_in import NOW, StandInCounter

T = TypeVar("T")
SHANGHAI = timezone(timedelta(hours=8))


class ImmediateRunner:
    """Does the work on the spot; `hold` keeps the answers back until `release`."""

    def __init__(self) -> None:
        self.hold = False
        self._held: list[Callable[[], None]] = []

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        if self.hold:
            self._held.append(lambda: then(work()))
        else:
            then(work())

    def release(self) -> None:
        self.hold = False
        held, self._held = self._held, []
        for call in held:
            call()


class HandWound:
    """A timer: `wind` lets time pass."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, delay_s: float, call: Callable[[], None], /) -> Callable[[], None]:
        entry = (self._now_s + delay_s, call)
        self._waiting.append(entry)
        return lambda: self._waiting.remove(entry) if entry in self._waiting else None

    def wind(self, seconds: float) -> None:
        self._now_s += seconds
        for entry in [entry for entry in self._waiting if entry[0] <= self._now_s]:
            self._waiting.remove(entry)
            entry[1]()


class Bench:
    """A till without a window at a chosen screen, and everything around it within reach."""

    def __init__(
        self,
        start: Destination | None = None,
        language: Language = Language.ZH_CN,
        preview: Callable[[Receipt], bytes] = lambda _document: b"",
        counter: Counter | None = None,
    ) -> None:
        self.counter = StandInCounter()
        self.runner = ImmediateRunner()
        self.timer = HandWound()
        self.navigator = Navigator(Home())
        self.texts = Texts(language)
        self.enrolled: list[tuple[str, str]] = []
        self.enrol_answer: EnrolmentFailure | None = None
        self.is_till = False
        self.appearance = Appearance(self.texts, ThemeName.LIGHT)
        self.desk = Desk(
            counter=counter or cast(Counter, self.counter),
            runner=self.runner,
            texts=self.texts,
            navigator=self.navigator,
            timer=self.timer,
            now=lambda: NOW,
            zone=SHANGHAI,
            preview=preview,
        )
        self.front: Front = Till(self.desk, self.appearance)
        self.front.start()
        if start is not None:
            self.navigator.go(start)

    def view(self, screen: str) -> Any:
        """What the screen of that name would show now; typed by the presenter, not here."""
        return self.front.presenters[screen].build()

    def presenter(self, screen: str) -> Any:
        return self.front.presenters[screen]

    @property
    def here(self) -> Any:
        """The destination shown; untyped, since it changes between two looks."""
        return self.navigator.current

    def at(self, kind: type[object]) -> bool:
        return isinstance(self.here, kind)

    def press(self, keys: str) -> None:
        """Digits and points on the keypad of the screen shown."""
        for key in keys:
            self.front.press(key)

    def confirm(self) -> None:
        self.front.press(CONFIRM)

    def before_enrolment(self) -> None:
        """The same bench, but this machine is not a till yet."""
        self.navigator = Navigator(EnrolTill())
        room = Room(runner=self.runner, texts=self.texts, navigator=self.navigator, timer=self.timer)
        self.front = FirstStart(room, self.appearance, self._enrol, self._enrolled, "https://hq.example")
        self.front.start()

    def _enrol(self, url: str, code: str) -> EnrolmentFailure | None:
        self.enrolled.append((url, code))
        return self.enrol_answer

    def _enrolled(self) -> None:
        self.is_till = True
