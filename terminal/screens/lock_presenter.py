"""Signing in: who, then the PIN. After it the shift decides where to go. Never keeps or shows a PIN; only how many digits were typed."""

from dataclasses import dataclass
from typing import Final

from stored_value.identity import StaffId
from stored_value.refusals import Refusal
from terminal.counter.views import SignedIn, StaffRole, StaffTile, TillStatus
from terminal.screens.amounts import CLEAR, DigitEntry
from terminal.screens.appearance import Appearance
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.navigation import Home, OpenShift
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice

PIN_DIGITS_MIN: Final = 6
_PIN_DIGITS_MAX: Final = 12
_LANGUAGE: Final = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTileView:
    staff_id: str
    name: str
    role: str
    initial: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockView:
    title: str
    hint: str
    tiles: tuple[StaffTileView, ...]
    notice: Notice
    pad: KeypadView


class LockPresenter(CounterPresenter[LockView]):
    def __init__(self, desk: Desk, appearance: Appearance) -> None:
        super().__init__(desk)
        self._appearance = appearance
        self._staff: tuple[StaffTile, ...] = ()
        self._chosen: StaffTile | None = None
        self._pin = DigitEntry(_PIN_DIGITS_MAX)
        self._store = ""

    def begin(self) -> None:
        self._chosen = None
        self._pin = DigitEntry(_PIN_DIGITS_MAX)
        self.ask("staff", self.desk.counter.staff, self._show_staff)
        self.ask("store", self.desk.counter.status, self._show_store)

    def choose(self, staff_id: str) -> None:
        self._chosen = next((tile for tile in self._staff if tile.staff_id == staff_id), None)
        self._pin = DigitEntry(_PIN_DIGITS_MAX)
        self.quiet()
        self.publish()

    def press(self, key: str) -> None:
        if key == CONFIRM:
            self._sign_in()
            return
        if key == _LANGUAGE:
            self._appearance.next_language()
            return
        if self._chosen is None:
            return
        self._pin = self._pin.press(key)
        self.quiet()
        self.publish()

    def build(self) -> LockView:
        t = self.t
        return LockView(
            title=self._store or t("Sign in"),
            hint=t("Who is working?") if self._chosen is None else t("Type your PIN"),
            tiles=tuple(self._tile(tile) for tile in self._staff),
            notice=self.notice,
            pad=self._pad(),
        )

    def _tile(self, tile: StaffTile) -> StaffTileView:
        role = self.t("Manager") if tile.role is StaffRole.MANAGER else self.t("Cashier")
        chosen = self._chosen is not None and self._chosen.staff_id == tile.staff_id
        return StaffTileView(
            staff_id=tile.staff_id, name=tile.name, role=role, initial=tile.name[:1].upper(), chosen=chosen
        )

    def _pad(self) -> KeypadView:
        t, typed = self.t, len(self._pin.digits)
        return KeypadView(
            caption=t("PIN") if self._chosen is None else t("PIN of {name}", name=self._chosen.name),
            display=" ".join("●" * typed + "○" * max(0, PIN_DIGITS_MIN - typed)),
            faint=typed == 0,
            below=t("Choose your name first")
            if self._chosen is None
            else t("At least {digits} digits", digits=PIN_DIGITS_MIN),
            quick=(
                QuickKey(key=CLEAR, label=t("Clear"), enabled=typed > 0),
                QuickKey(key=_LANGUAGE, label=self._appearance.other_language),
            ),
            confirm=t("One moment…") if self.slow else t("Sign in"),
            confirm_enabled=typed >= PIN_DIGITS_MIN and self._chosen is not None and not self.busy,
            tone=Tone.NEUTRAL,
            point_key=False,
            large=False,
        )

    def _show_staff(self, staff: tuple[StaffTile, ...]) -> None:
        self._staff = staff
        self.publish()

    def _show_store(self, status: TillStatus) -> None:
        self._store = status.store_name
        self.publish()

    def _sign_in(self) -> None:
        chosen, pin = self._chosen, self._pin.digits
        if chosen is None or len(pin) < PIN_DIGITS_MIN:
            return
        self._pin = DigitEntry(_PIN_DIGITS_MAX)
        staff_id: StaffId = chosen.staff_id
        self.act(lambda: self._signed_in(staff_id, pin), self._go_on)

    def _signed_in(self, staff_id: StaffId, pin: str) -> TillStatus | Refusal:
        answer: SignedIn | Refusal = self.desk.counter.sign_in(staff_id, pin)
        return answer if isinstance(answer, Refusal) else self.desk.counter.status()

    def _go_on(self, status: TillStatus) -> None:
        self.desk.navigator.go(OpenShift() if status.shift_opened_at is None else Home())
