"""A page on which the member types his payment PIN himself: what it shows, six dots, and the wait after wrong ones. Shared by proving and by setting a PIN.

Never shows a digit, and keeps none longer than until the confirm key; leaving the page forgets them too.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stored_value.refusals import Refusal
from sync.payment_pins import PAYMENT_PIN_DIGITS as PIN_DIGITS
from terminal.counter.views import MemberView
from terminal.screens.amounts import CLEAR, DigitEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice

_TICK_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PinPageView:
    """Turned to the member, so nothing of the balance: `amount` is what he pays, empty where nothing is paid; `steps` say how far he is."""

    title: str
    back: str
    icon: str
    heading: str
    explanation: str
    name: str
    tail: str
    amount: str
    amount_caption: str
    notice: Notice
    pad: KeypadView


class PinPage(CounterPresenter[PinPageView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._typed = DigitEntry(PIN_DIGITS)
        self._waits = False
        self._cancel_tick: Callable[[], None] = lambda: None

    @abstractmethod
    def take_pin(self, pin: str) -> None:
        """Six digits were confirmed; they are in nobody's hands but this call's."""

    @property
    def is_open(self) -> bool:
        """Whether digits are taken now."""
        return not self.busy and not self._waits

    def begin(self) -> None:
        self._forget()

    def leave(self) -> None:
        super().leave()
        self._forget()

    def press(self, key: str) -> None:
        if not self.is_open:
            return
        if key == CONFIRM:
            self._confirm()
            return
        self._typed = self._typed.press(key)
        self.quiet()
        self.publish()

    def back(self) -> None:
        self.desk.navigator.back()

    def refuse(self, refusal: Refusal) -> None:
        """What says when the next try is counts down, and takes no digit until then."""
        self._cancel_tick()
        delay_s = refusal.data.get("delay_s")
        self._waits = isinstance(delay_s, int) and delay_s > 0
        if isinstance(delay_s, int) and self._waits:
            left = Refusal(refusal.code, {**refusal.data, "delay_s": delay_s - 1})
            self._cancel_tick = self.desk.timer(_TICK_S, lambda: self._tick(left))
        super().refuse(refusal)

    def pin_pad(self, caption: str, confirm: str, amount: str = "") -> KeypadView:
        t, typed = self.t, len(self._typed.digits)
        return KeypadView(
            caption=caption,
            display=" ".join("●" * typed + "○" * (PIN_DIGITS - typed)),
            faint=typed == 0,
            below=t("{digits} digits", digits=PIN_DIGITS),
            quick=(QuickKey(key=CLEAR, label=t("Clear"), enabled=typed > 0),),
            confirm=t("One moment…") if self.slow else confirm,
            confirm_amount=amount,
            confirm_enabled=typed == PIN_DIGITS and self.is_open,
            tone=Tone.REDEEM,
            point_key=False,
            large=False,
        )

    def _confirm(self) -> None:
        pin = self._typed.digits
        if len(pin) == PIN_DIGITS:
            self._typed = DigitEntry(PIN_DIGITS)
            self.take_pin(pin)

    def _tick(self, left: Refusal) -> None:
        if left.data["delay_s"]:
            self.refuse(left)
        else:
            self._waits = False
            self.quiet()
            self.publish()

    def _forget(self) -> None:
        self._cancel_tick()
        self._typed, self._waits = DigitEntry(PIN_DIGITS), False


def tail_of(member: MemberView | None, says: Callable[..., str]) -> str:
    return says("ends in {last4}", last4=member.phone_last4) if member is not None and member.phone_last4 else ""
