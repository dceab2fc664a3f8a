"""Finding the member: a scan does it at once; else phone or member number, typed on the keypad."""

from dataclasses import dataclass, replace
from typing import Final

from stored_value.money import format_yuan
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.views import MemberView
from terminal.screens.amounts import CLEAR, DigitEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.navigation import EnrolMember, Identify, Purpose, after_identifying
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice

_TONES: Final = {
    Purpose.REDEEM: Tone.REDEEM,
    Purpose.TOP_UP: Tone.TOP_UP,
    Purpose.ORDER: Tone.REDEEM,
    Purpose.MEMBER: Tone.NEUTRAL,
}
_PHONE_DIGITS: Final = 11
_DIGITS_MIN: Final = 10
_ENROL: Final = "enrol"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    member_id: str
    initial: str
    name: str
    detail: str
    balance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyView:
    title: str
    back: str
    scan_title: str
    scan_hint: str
    several: str
    candidates: tuple[CandidateView, ...]
    notice: Notice
    pad: KeypadView


class IdentifyPresenter(CounterPresenter[IdentifyView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._destination = Identify(Purpose.REDEEM)
        self._number = DigitEntry(_PHONE_DIGITS)
        self._found: tuple[MemberView, ...] = ()

    def begin(self) -> None:
        destination = self.destination
        if isinstance(destination, Identify):
            self._destination = destination
        self._number = DigitEntry(_PHONE_DIGITS)
        self._found = ()

    def press(self, key: str) -> None:
        if key == CONFIRM:
            self._search()
            return
        if key == _ENROL:
            self.enrol()
            return
        self._number = self._number.press(key)
        self._found = ()
        self.quiet()
        self.publish()
        if len(self._number.digits) == _PHONE_DIGITS:
            self._search()

    def choose(self, member_id: str) -> None:
        for member in self._found:
            if member.member_id == member_id:
                self._go_on(member)

    def enrol(self) -> None:
        """What the notice of an unknown number offers: the phone goes along, so that nothing is typed twice."""
        digits = self._number.digits
        self.desk.navigator.go(EnrolMember(digits if len(digits) == _PHONE_DIGITS else ""))

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> IdentifyView:
        t = self.t
        titles = {
            Purpose.REDEEM: t("Redeem"),
            Purpose.TOP_UP: t("Top up"),
            Purpose.ORDER: t("Order"),
            Purpose.MEMBER: t("Member"),
        }
        notice = self.notice
        if self.refusal is not None and self.refusal.code is RefusalCode.MEMBER_UNKNOWN:
            notice = replace(notice, action=t("Enrol a new member"))
        return IdentifyView(
            title=titles[self._destination.purpose],
            back=t("Back"),
            scan_title=t("Scan the member's code"),
            scan_hint=t("or type the phone or the member number"),
            several=t("Which one is it?") if len(self._found) > 1 else "",
            candidates=tuple(self._candidate(member) for member in self._found) if len(self._found) > 1 else (),
            notice=notice,
            pad=self._pad(),
        )

    def _pad(self) -> KeypadView:
        t, digits = self.t, self._number.digits
        return KeypadView(
            caption=t("Phone or member number"),
            display=_grouped(digits) or t("Phone"),
            faint=not digits,
            below="" if digits else t("phone 11 digits, member number 10"),
            quick=(
                QuickKey(key=CLEAR, label=t("Clear"), enabled=bool(digits)),
                QuickKey(key=_ENROL, label=t("New member")),
            ),
            confirm=t("Searching…") if self.slow else t("Find"),
            confirm_enabled=len(digits) >= _DIGITS_MIN and not self.busy,
            tone=_TONES[self._destination.purpose],
            point_key=False,
            large=False,
        )

    def _candidate(self, member: MemberView) -> CandidateView:
        t, tier = self.t, self.desk.texts.words(member.tier_name)
        ends = t("{tier} · ends in {last4}", tier=tier, last4=member.phone_last4)
        return CandidateView(
            member_id=member.member_id,
            initial=member.name_masked[:1],
            name=member.name_masked,
            detail=ends if member.phone_last4 else f"{tier} · {t('no name, no phone')}",
            balance=format_yuan(member.balance_minor),
        )

    def _search(self) -> None:
        digits = self._number.digits
        if len(digits) >= _DIGITS_MIN:
            self.act(lambda: self.desk.counter.find_member(digits), self._show)

    def _show(self, found: tuple[MemberView, ...]) -> None:
        if not found:
            self.refuse(Refusal(RefusalCode.MEMBER_UNKNOWN))
        elif len(found) == 1:
            self._go_on(found[0])
        else:
            self._found = found
            self.publish()

    def _go_on(self, member: MemberView) -> None:
        to = after_identifying(self._destination, member, by_card=False)
        if to is not None:
            self.desk.navigator.go(to)


def _grouped(digits: str) -> str:
    """A phone as people read it: 138 0013 8000."""
    if len(digits) <= 4 or not digits.startswith("1"):
        return digits
    return " ".join(part for part in (digits[:3], digits[3:7], digits[7:]) if part)
