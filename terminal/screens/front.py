"""What stands behind a window: presenters by the name of their screen, where the cashier is, and what reaches every screen. Never imports Kivy.

Two exist: `FirstStart` before this machine is a till, `Till` afterwards. Used on the UI thread only.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from terminal.screens.appearance import Appearance
from terminal.screens.navigation import Destination
from terminal.screens.presenter import Presenter, Room
from terminal.screens.words import Notice


@runtime_checkable
class TakesKeys(Protocol):
    def press(self, key: str) -> None: ...


@runtime_checkable
class GoesBack(Protocol):
    def back(self) -> None: ...


class Front:
    """`on_show` is called with the name of the screen to show, after its presenter has entered; `on_look` when colours or language changed."""

    def __init__(self, room: Room, appearance: Appearance, presenters: Mapping[str, Presenter[Any]]) -> None:
        self._room = room
        self.appearance = appearance
        self.presenters = presenters
        self.on_show: Callable[[str], None] = lambda _screen: None
        self.on_look: Callable[[], None] = lambda: None
        self._shown: Presenter[Any] | None = None
        room.navigator.listen(self._show)
        appearance.listen(self._look_changed)

    @property
    def current(self) -> Presenter[Any]:
        return self.presenters[self._room.navigator.current.screen]

    @property
    def strip(self) -> Presenter[Any] | None:
        """The status strip's presenter; None where there is no status yet."""
        return None

    def start(self) -> None:
        self._show(self._room.navigator.current)

    def tick(self) -> None:
        """Once a second."""

    def scanned(self, text: str) -> None:
        """A code from any scanner."""

    def press(self, key: str) -> None:
        """A key of the keyboard, where the screen has a keypad."""
        if isinstance(self.current, TakesKeys):
            self.current.press(key)

    def escape(self) -> None:
        if isinstance(self.current, GoesBack):
            self.current.back()

    def defect(self) -> None:
        """A bug stopped an action: the screen lives on and says what to do, since the entry may have been recorded."""
        t = self._room.texts.t
        self.current.stopped_by_defect(
            Notice(
                title=t("This did not work"),
                why=t("A fault in the program; it has been logged."),
                remedy=t("Look at the receipts before you try again."),
                code="defect",
            )
        )

    def _show(self, destination: Destination) -> None:
        if self._shown is not None:
            self._shown.leave()
        self._shown = self.presenters[destination.screen]
        self._shown.enter(destination)
        self.on_show(destination.screen)

    def _look_changed(self) -> None:
        self.on_look()
        self.current.publish()
