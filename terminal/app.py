"""The till's program: puts the station and the window together and runs them until the window is closed. Started by `tongchu till run`.

Owns the order of starting and stopping. Kivy is configured here, before anything imports it.
"""

import logging
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from printers.document import Receipt
from printers.preview import preview_png
from printers.profile import GENERIC_80, profile_by_name
from sync.errors import HqRefused, HqUnreachable, SyncError
from terminal.clock import SystemClock
from terminal.config import TillConfig
from terminal.devices.framing import Rejected
from terminal.enrol import enrol
from terminal.journal import JournalError, NotEnrolled
from terminal.language import Language, Texts
from terminal.replica import ReplicaError
from terminal.runner import WorkerRunner
from terminal.screens.appearance import Appearance
from terminal.screens.enrolment_words import EnrolmentFailure
from terminal.screens.first_start import FirstStart
from terminal.screens.front import Front
from terminal.screens.navigation import EnrolTill, Lock, Navigator
from terminal.screens.presenter import Desk, Room
from terminal.screens.till import Till
from terminal.station import Station
from terminal.syncing import SyncingError
from terminal.theme import REFERENCE_HEIGHT, REFERENCE_WIDTH, ThemeName
from terminal.till_directory import KeyFileUnusable

_log = logging.getLogger(__name__)
_FONT: Final = Path(__file__).parent / "assets" / "fonts" / "NotoSansSC-subset.otf"
_LANGUAGES: Final = {"zh": Language.ZH_CN, "en": Language.EN}


def run_till(settings: TillConfig) -> None:
    """Returns when the window was closed. Raises `JournalError` and `KeyFileUnusable` when this machine's files cannot be used."""
    configure_kivy(settings)
    _Program(settings).run()


def configure_kivy(settings: TillConfig) -> None:
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_HOME", str(settings.data_dir / "kivy"))
    (settings.data_dir / "kivy").mkdir(parents=True, exist_ok=True)
    from kivy.config import Config

    Config.set("graphics", "width", str(REFERENCE_WIDTH))
    Config.set("graphics", "height", str(REFERENCE_HEIGHT))
    Config.set("graphics", "fullscreen", "auto" if settings.fullscreen else "0")
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("input", "mouse", "mouse,disable_multitouch")


class _Program:
    def __init__(self, settings: TillConfig) -> None:
        from terminal.window import TillWindow, post, timer

        self._settings = settings
        self._clock = SystemClock()
        self._texts = Texts(_LANGUAGES[settings.language])
        self._appearance = Appearance(self._texts, ThemeName(settings.theme))
        self._post: Callable[[Callable[[], None]], None] = post
        self._runner = WorkerRunner(post, lambda _defect: self._front.defect())
        self._timer = timer
        self._station: Station | None = None
        self._front: Front = self._first_front()
        self._window = TillWindow(self._front, on_closed=self._close)

    def run(self) -> None:
        self._window.run()

    def _first_front(self) -> Front:
        try:
            return self._till()
        except NotEnrolled as reason:
            _log.info("no till here yet: %s", reason)
            room = Room(runner=self._runner, texts=self._texts, navigator=Navigator(EnrolTill()), timer=self._timer)
            return FirstStart(room, self._appearance, self._enrol, self._enrolled, self._settings.hq_url)

    def _till(self) -> Till:
        station = Station(
            self._settings,
            self._clock,
            on_scanned=lambda text: self._post(lambda: self._front.scanned(text)),
            on_scan_rejected=self._log_rejected,
            language=lambda: self._texts.language,
        )
        station.start()
        self._station = station
        desk = Desk(
            runner=self._runner,
            texts=self._texts,
            navigator=Navigator(Lock()),
            timer=self._timer,
            counter=station.counter,
            now=self._clock.now,
            zone=ZoneInfo(station.journal.head_office.identity.zone),
            preview=self._preview,
        )
        return Till(desk, self._appearance)

    def _enrol(self, url: str, code: str) -> EnrolmentFailure | None:
        """On the runner's thread."""
        try:
            enrol(url, code, self._settings.data_dir, machine=platform.node())
        except HqUnreachable as error:
            return _failed(EnrolmentFailure.UNREACHABLE, error)
        except HqRefused as error:
            return _failed(EnrolmentFailure.CODE_REFUSED, error)
        except (SyncError, SyncingError) as error:
            return _failed(EnrolmentFailure.NOT_TRUSTED, error)
        except (JournalError, ReplicaError, KeyFileUnusable, OSError) as error:
            return _failed(EnrolmentFailure.FILES_UNUSABLE, error)
        return None

    def _enrolled(self) -> None:
        self._front = self._till()
        self._window.serve(self._front)

    def _preview(self, document: Receipt) -> bytes:
        """As the receipt printer would draw it; on the runner's thread."""
        settings = self._settings
        profiles = {printer.name: printer.profile for printer in settings.printers}
        name = settings.receipt_printer
        return preview_png(document, profile_by_name(profiles[name]) if name else GENERIC_80, font_path=_FONT)

    def _log_rejected(self, rejected: Rejected) -> None:
        _log.warning("a scan did not arrive whole: %s", rejected.why)

    def _close(self) -> None:
        """The window is gone: what was confirmed is finished, then files and ports are closed."""
        self._runner.stop()
        if self._station is not None:
            self._station.close()


def _failed(failure: EnrolmentFailure, error: Exception) -> EnrolmentFailure:
    _log.warning("not enrolled: %s", error)
    return failure
