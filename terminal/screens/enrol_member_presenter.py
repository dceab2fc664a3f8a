"""A new member: name, phone and, where told, the month of birth. The phone is typed on the keypad, the name on any keyboard. Keeps nothing after the screen is left."""

from dataclasses import dataclass
from typing import Final

from stored_value.identity import EventId
from terminal.counter.views import Completed
from terminal.screens.amounts import CLEAR, DigitEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.navigation import EnrolMember, Result
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice

_PHONE_DIGITS: Final = 11
_MONTHS: Final = tuple(str(month) for month in range(1, 13))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolMemberView:
    title: str
    back: str
    name_caption: str
    name_hint: str
    name: str
    month_caption: str
    months: tuple[QuickKey, ...]
    promise: str
    notice: Notice
    pad: KeypadView


class EnrolMemberPresenter(CounterPresenter[EnrolMemberView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._name = ""
        self._phone = DigitEntry(_PHONE_DIGITS)
        self._month = ""
        self._action: EventId | None = None

    def begin(self) -> None:
        destination = self.destination
        self._name, self._month = "", ""
        self._phone = DigitEntry(_PHONE_DIGITS, destination.phone if isinstance(destination, EnrolMember) else "")
        self._action = None
        self.ask("action", self.desk.counter.new_action, self._started)

    def leave(self) -> None:
        self._name, self._month, self._phone = "", "", DigitEntry(_PHONE_DIGITS)
        super().leave()

    def type_name(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self.quiet()
            self.publish()

    def press(self, key: str) -> None:
        if self.busy:
            return
        if key == CONFIRM:
            self._confirm()
            return
        self._phone = self._phone.press(key)
        self.quiet()
        self.publish()

    def choose_month(self, month: str) -> None:
        """The chosen one again: not told."""
        self._month = "" if month == self._month else month
        self.quiet()
        self.publish()

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> EnrolMemberView:
        t, digits = self.t, self._phone.digits
        return EnrolMemberView(
            title=t("New member"),
            back=t("Back"),
            name_caption=t("Name"),
            name_hint=t("as the member says it"),
            name=self._name,
            month_caption=t("Month of birth, if the member likes to tell"),
            months=tuple(
                QuickKey(key=month, label=t("{month}.", month=month), chosen=month == self._month) for month in _MONTHS
            ),
            promise=t(
                "Name and phone are sealed for head office; this till keeps only 王*丽 and the last four digits."
            ),
            notice=self.notice,
            pad=KeypadView(
                caption=t("Mobile phone"),
                display=" ".join(part for part in (digits[:3], digits[3:7], digits[7:]) if part) or t("Phone"),
                faint=not digits,
                below="" if len(digits) == _PHONE_DIGITS else t("{count} of 11 digits", count=len(digits)),
                quick=(QuickKey(key=CLEAR, label=t("Clear"), enabled=bool(digits)),),
                confirm=t("One moment…") if self.slow else t("Enrol"),
                confirm_enabled=self._is_complete,
                tone=Tone.NEUTRAL,
                point_key=False,
                large=False,
            ),
        )

    @property
    def _is_complete(self) -> bool:
        named = bool(self._name.strip())
        return named and len(self._phone.digits) == _PHONE_DIGITS and self._action is not None and not self.busy

    def _started(self, action: EventId) -> None:
        self._action = action
        self.publish()

    def _confirm(self) -> None:
        action, name, phone = self._action, self._name.strip(), self._phone.digits
        month = int(self._month) if self._month else None
        if action is not None and self._is_complete:
            self.act(lambda: self.desk.counter.enrol_member(action, name, phone, birthday_month=month), self._done)

    def _done(self, completed: Completed) -> None:
        self.desk.navigator.go(Result(completed))
