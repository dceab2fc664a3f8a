"""The whole program on an enrolled till's files: real station, real window, real threads; from the PIN to a payment in the journal, by touch."""

import hmac
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.events import Redeemed
from sync.event_codec import event_of
from sync.keys import encode_bytes
from terminal.config import TillConfig
from terminal.journal import Journal
from terminal.till_directory import TillDirectory
from tests.terminal.counter.head_office import KEYS
from tests.terminal.counter.till import CASHIER, PIN, WANG_CARD, Till, staff_row
from tests.terminal.screens.driving import close_window, pump, tap
from tests.waiting import until


@pytest.fixture
def folder(tmp_path: Path, enrolled_folder: Path) -> Path:
    folder = tmp_path / "till"
    shutil.copytree(enrolled_folder, folder)
    till = Till(folder)
    till.clock.set_wall(datetime.now(UTC))  # the program goes by the machine's clock, and what it knows grows old
    till.know_wang()
    pepper = b"p" * 32
    verifier = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(
        hmac.digest(pepper, PIN.encode(), "sha256")
    )
    till.feed(staff_row(CASHIER, "张敏", "cashier", verifier=verifier))
    till.close()
    place = TillDirectory(folder)
    place.terminal_key(Ed25519PrivateKey.generate())
    place.keep_shared_secrets(encode_bytes(pepper), encode_bytes(KEYS.phone_tag_key))
    return folder


class Running:
    def __init__(self, settings: TillConfig) -> None:
        from terminal.app import _Program, configure_kivy

        configure_kivy(settings)
        self.program = _Program(settings)
        self.app = self.program._window
        self.app._run_prepare()
        self._open = True

    def close(self) -> None:
        """As when the window's cross is touched; twice is once."""
        if self._open:
            self._open = False
            self.app.stop()

    @property
    def name(self) -> str:
        return str(self.app._screens.current)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        def turned() -> Any:
            pump(1)
            return condition()

        return until(turned, what=what, timeout_s=20)

    def named(self, kind: str, **wanted: str) -> Any:
        for widget in self.app.screen(self.name).walk(restrict=True):
            if type(widget).__name__ == kind and all(getattr(widget, key) == value for key, value in wanted.items()):
                return widget
        return None

    def keys(self, keys: str) -> None:
        for key in keys:
            tap(self.named("DigitKey", key=key))

    def confirm(self) -> None:
        self.wait(lambda: not self.named("ConfirmKey").disabled, "the confirm key")
        tap(self.named("ConfirmKey"))


@pytest.fixture
def start() -> Iterator[Callable[[TillConfig], Running]]:
    running: list[Running] = []

    def begin(settings: TillConfig) -> Running:
        running.append(Running(settings))
        return running[-1]

    close_window()
    yield begin
    for each in running:
        each.close()
    close_window()


@pytest.mark.slow
def test_from_the_pin_to_a_payment_in_the_journal(folder: Path, start: Callable[[TillConfig], Running]) -> None:
    running = start(TillConfig(data_dir=folder, fullscreen=False))
    running.wait(lambda: running.name == "lock" and running.named("StaffButton"), "the lock screen with staff")
    tap(running.named("StaffButton"))
    running.keys(PIN)
    running.confirm()
    running.wait(lambda: running.name == "shift_open", "the shift's opening")
    running.keys("500")
    running.confirm()
    running.wait(lambda: running.name == "home", "home")
    running.program._front.scanned(WANG_CARD)
    running.wait(lambda: running.name == "member" and running.named("ActionTile", tone="redeem"), "the member")
    running.wait(lambda: not running.named("ActionTile", tone="redeem").disabled, "the redeem tile")
    tap(running.named("ActionTile", tone="redeem"))
    running.keys("12.5")
    running.confirm()
    running.wait(lambda: running.name == "result", "the result")
    running.wait(lambda: running.app.screen("result").ids.receipt.texture, "the receipt's picture")
    running.close()
    journal = Journal.open(folder / "journal.db", reserve_bytes=0)
    try:
        event = event_of(journal.recent(1)[0])
    finally:
        journal.close()
    assert isinstance(event, Redeemed)
    assert (event.amount_minor, event.occasion.offline) == (1_250, True)


@pytest.mark.slow
def test_a_machine_that_is_no_till_yet_asks_for_address_and_code(
    tmp_path: Path, start: Callable[[TillConfig], Running]
) -> None:
    running = start(TillConfig(data_dir=tmp_path, fullscreen=False, hq_url="http://127.0.0.1:9"))
    running.wait(lambda: running.name == "enrol_till", "the enrolment")
    screen = running.app.screen("enrol_till")
    screen.ids.code.text = "ABCD-EFGH"
    tap(screen.ids.confirm)
    running.wait(lambda: screen.view.notice.title, "why it did not work")
    assert screen.view.notice.code == "hq_unreachable"
