"""Drives the real window without a display: frames by hand, real touches, real keys, pictures. One process can host several benches, one after the other."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from printers.preview import preview_png
from printers.profile import GENERIC_80
from terminal.theme import REFERENCE_HEIGHT, REFERENCE_WIDTH
from tests.terminal.screens.desk import Bench


def pump(frames: int = 2) -> None:
    from kivy.base import EventLoop

    for _ in range(frames):
        EventLoop.idle()


def tap(widget: Any) -> None:
    from kivy.tests.common import UnitTestTouch

    touch = UnitTestTouch(*widget.to_window(*widget.center))
    touch.touch_down()
    pump(1)
    touch.touch_up()
    pump(2)


class Driver:
    """A window over a bench: taps by id or by what a widget says."""

    def __init__(self, bench: Bench, app: Any, window: Any) -> None:
        self.bench = bench
        self.app = app
        self.window = window

    @property
    def screen(self) -> Any:
        return self.app.screen(self.bench.navigator.current.screen)

    def find(self, wanted: Callable[[Any], bool]) -> Any:
        found = [widget for widget in self.screen.walk(restrict=True) if wanted(widget)]
        assert found, f"nothing like that on the screen {self.screen.name!r}"
        return found[0]

    def key(self, key: str) -> None:
        self.tap(self.find(lambda widget: getattr(widget, "key", None) == key))

    def keys(self, keys: str) -> None:
        for key in keys:
            self.key(key)

    def quick(self, label: str) -> None:
        self.tap(self.find(lambda widget: _named(widget, "QuickButton") and widget.item.label == label))

    def confirm(self) -> None:
        self.tap(self.find(lambda widget: _named(widget, "ConfirmKey")))

    def item(self, row: str, at: int = 0) -> Any:
        rows = [widget for widget in self.screen.walk(restrict=True) if _named(widget, row)]
        return rows[at]

    def tap(self, widget: Any) -> None:
        tap(widget)

    def picture(self, path: Path) -> None:
        self.settle()
        taken = Path(self.window.screenshot(name=str(path)))
        taken.replace(path)

    def settle(self, seconds: float = 0.0) -> None:
        """Draws until nothing scheduled is left for this moment."""
        end = time.monotonic() + seconds
        pump(4)
        while time.monotonic() < end:
            pump(1)


def _named(widget: Any, name: str) -> bool:
    return type(widget).__name__ == name


@contextmanager
def unpainted() -> Iterator[None]:
    """Frames within are laid out and answer to touches, and are not painted: without a graphics card that is most of a frame's time. The next frame after it is painted."""
    from kivy.core.window import Window

    def nothing() -> None:
        """What is not painted now still is to be."""

    with patch.object(Window, "on_draw", nothing), patch.object(Window, "on_flip", nothing):
        yield


class _Keyboard:
    """What a clock shows at each key: the time, or one moment for a whole code, however busy the machine is that reads it."""

    def __init__(self) -> None:
        self.stands_at_s: float | None = None

    def __call__(self) -> float:
        return time.monotonic() if self.stands_at_s is None else self.stands_at_s


_keyboard = _Keyboard()


@contextmanager
def as_a_scanner_types() -> Iterator[None]:
    """No time passes between the keys within."""
    _keyboard.stands_at_s = time.monotonic()
    try:
        yield
    finally:
        _keyboard.stands_at_s = None


_windows: list[Any] = []
REFERENCE = REFERENCE_WIDTH, REFERENCE_HEIGHT


def be_born_with(size: tuple[int, int]) -> None:
    """Kivy's window is made when somebody first imports it, and keeps its size."""
    from kivy.config import Config

    Config.set("graphics", "width", str(size[0]))
    Config.set("graphics", "height", str(size[1]))


@contextmanager
def window(bench: Bench, size: tuple[int, int] = REFERENCE) -> Iterator[Driver]:
    """The process's one window, serving this bench. Its size is that of the first bench served."""
    if not _windows:
        be_born_with(size)
        from terminal.window import TillWindow

        _windows.append(TillWindow(bench.front, prepare_after_s=3600, monotonic_s=_keyboard))
        _windows[0]._run_prepare()
    else:
        _windows[0].serve(bench.front)
    from kivy.core.window import Window

    pump(2)
    yield Driver(bench, _windows[0], Window)


def close_window() -> None:
    """For whoever needs to start a program of its own in this process."""
    from kivy.base import EventLoop
    from kivy.core.window import Window

    for app in _windows:
        app.stop()
    _windows.clear()
    for child in list(Window.children):
        Window.remove_widget(child)
    EventLoop.status = "created"


def receipt_picture(font_path: Path) -> Callable[[Any], bytes]:
    return lambda document: preview_png(document, GENERIC_80, font_path=font_path)
