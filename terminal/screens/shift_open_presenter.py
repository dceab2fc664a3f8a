"""Opening a shift: the float that lies in the drawer, counted and typed."""

from dataclasses import dataclass

from stored_value.money import format_yuan
from terminal.counter.views import Completed, TillStatus
from terminal.screens.amounts import AmountEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.navigation import Home, Lock
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice

_USUAL_FLOATS_MINOR = (20_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOpenView:
    title: str
    greeting: str
    steps: tuple[str, ...]
    back: str
    notice: Notice
    pad: KeypadView


class ShiftOpenPresenter(CounterPresenter[ShiftOpenView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._amount = AmountEntry()
        self._staff = ""

    def begin(self) -> None:
        self._amount = AmountEntry()
        self.ask("status", self.desk.counter.status, self._greet)

    def press(self, key: str) -> None:
        if key == CONFIRM:
            float_minor = self._amount.minor
            self.act(lambda: self.desk.counter.open_shift(float_minor), self._opened)
            return
        quick = key.removeprefix("minor:")
        self._amount = AmountEntry.of(int(quick)) if quick != key else self._amount.press(key)
        self.quiet()
        self.publish()

    def lock(self) -> None:
        self.ask("lock", self.desk.counter.sign_out, lambda _none: self.desk.navigator.go(Lock()))

    def build(self) -> ShiftOpenView:
        t = self.t
        return ShiftOpenView(
            title=t("Open a shift"),
            greeting=t("Hello, {name}", name=self._staff) if self._staff else "",
            steps=(
                t("Count the notes and coins in the drawer."),
                t("Type the sum as the float."),
                t("At the end of the shift the till compares it with your count."),
            ),
            back=t("Lock"),
            notice=self.notice,
            pad=KeypadView(
                caption=t("Float in the drawer"),
                display=self._amount.shown,
                faint=self._amount.is_empty,
                below=t("An empty drawer is ￥0.00") if self._amount.is_empty else "",
                quick=tuple(
                    QuickKey(key=f"minor:{minor}", label=format_yuan(minor).removesuffix(".00"))
                    for minor in _USUAL_FLOATS_MINOR
                ),
                confirm=t("One moment…") if self.slow else t("Open shift"),
                confirm_amount=format_yuan(self._amount.minor),
                confirm_enabled=not self.busy,
                tone=Tone.NEUTRAL,
            ),
        )

    def _greet(self, status: TillStatus) -> None:
        self._staff = status.staff_name or ""
        self.publish()

    def _opened(self, _completed: Completed) -> None:
        self.desk.navigator.go(Home())
