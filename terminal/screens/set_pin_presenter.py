"""The member chooses a payment PIN, or changes his: his card first or the old PIN, then the new one twice. Online only.

Decides nothing; keeps the new PIN only until it is repeated."""

from enum import StrEnum
from typing import Final

from stored_value.identity import EventId
from stored_value.refusals import Refusal, RefusalCode
from sync.payment_pins import is_weak
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView
from terminal.language import later
from terminal.screens.navigation import Result, SetPin
from terminal.screens.pin_page import PinPage, PinPageView, tail_of
from terminal.screens.presenter import Desk
from terminal.screens.words import Notice


class _Step(StrEnum):
    CHECKING = "checking"
    CARD = "card"
    OLD = "old"
    NEW = "new"
    AGAIN = "again"
    CLOSED = "closed"


_TURN: Final = later("Turn the screen to the member")
_EASY: Final = later("Six digits that nobody guesses: no birthday, not all alike, not in a row.")
_SAID: Final = {
    _Step.CHECKING: (later("One moment…"), "", later("New PIN")),
    _Step.CARD: (
        later("Scan the member's card"),
        later("The first PIN is set with the card at hand."),
        later("New PIN"),
    ),
    _Step.OLD: (
        _TURN,
        later("First the current PIN. If it is forgotten, head office takes it away."),
        later("Current PIN"),
    ),
    _Step.NEW: (_TURN, _EASY, later("New PIN")),
    _Step.AGAIN: (_TURN, later("Once more, so that it is certain."), later("New PIN, once more")),
    _Step.CLOSED: (later("No PIN can be set now"), "", later("New PIN")),
}
_ICONS: Final = {_Step.CARD: "credit-card", _Step.CLOSED: "lock"}


class SetPinPresenter(PinPage):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._start(None, by_card=False)

    def _start(self, member: MemberView | None, *, by_card: bool) -> None:
        self._member, self._by_card = member, by_card
        self._step = _Step.CHECKING
        self._action: EventId | None = None
        self._old: ProvenMember | None = None
        self._chosen = ""

    def begin(self) -> None:
        super().begin()
        destination = self.destination
        if isinstance(destination, SetPin):
            self._start(destination.member, by_card=destination.by_card)
            self._look()

    def leave(self) -> None:
        super().leave()
        self._old, self._chosen = None, ""

    @property
    def takes_scans(self) -> bool:
        return super().takes_scans and self._step is _Step.CARD

    @property
    def is_open(self) -> bool:
        return super().is_open and self._step in (_Step.OLD, _Step.NEW, _Step.AGAIN)

    def recognise(self, member: MemberView) -> bool:
        """His card was scanned. False when it is somebody else's."""
        if self._member is None or member.member_id != self._member.member_id:
            return False
        self._by_card = True
        self._look()
        return True

    def take_pin(self, pin: str) -> None:
        match self._step:
            case _Step.OLD:
                self._prove(pin)
            case _Step.NEW:
                self._choose(pin)
            case _:
                self._repeat(pin)

    def refuse(self, refusal: Refusal) -> None:
        if refusal.code is RefusalCode.PAYMENT_PIN_NEEDED:
            self._step, self._old = _Step.OLD, None
        super().refuse(refusal)

    def build(self) -> PinPageView:
        t, member, step = self.t, self._member, self._step
        heading, explanation, caption = _SAID[step]
        change = member is not None and member.pin_is_set
        return PinPageView(
            title=t("Change payment PIN") if change else t("Set payment PIN"),
            back=t("Cancel"),
            icon=_ICONS.get(step, "shield-lock"),
            heading=t(heading),
            explanation=self._manager_needed() or (t(explanation) if explanation else ""),
            name=member.name_masked if member is not None else "",
            tail=tail_of(member, t),
            amount="",
            amount_caption="",
            notice=self.notice,
            pad=self.pin_pad(t(caption), t("Set the PIN") if step is _Step.AGAIN else t("Next")),
        )

    def _manager_needed(self) -> str:
        if self.refusal is None or self.refusal.code is not RefusalCode.NOT_PERMITTED:
            return ""
        return self.t("With this much on the card, a manager signs in and looks who brings it.")

    def _look(self) -> None:
        """Whether one can be set at all, before the member types anything."""
        member, counter, by_card = self._member, self.desk.counter, self._by_card
        if member is not None:
            member_id = member.member_id
            self.ask("action", counter.new_action, self._started)
            self.ask("member", lambda: counter.member(member_id), self._renew)
            self.ask("look", lambda: counter.refuse_setting_pin(member_id, static_card=by_card), self._looked)

    def _started(self, action: EventId) -> None:
        self._action = action

    def _renew(self, answer: MemberView | Refusal) -> None:
        if not isinstance(answer, Refusal):
            self._member = answer

    def _looked(self, refusal: Refusal | None) -> None:
        change = self._member is not None and self._member.pin_is_set
        if refusal is None:
            self._step = _Step.OLD if change else _Step.NEW
        else:
            self._step = _Step.CARD if refusal.code is RefusalCode.CARD_NEEDED else _Step.CLOSED
        self.quiet()
        if refusal is not None and self._step is _Step.CLOSED:
            self.refuse(refusal)
        self.publish()

    def _prove(self, pin: str) -> None:
        member, action = self._member, self._action
        if member is not None and action is not None:
            member_id = member.member_id
            self.act(lambda: self.desk.counter.prove(action, member_id, pin), self._old_was_right)

    def _old_was_right(self, proven: ProvenMember) -> None:
        self._old, self._step = proven, _Step.NEW
        self.publish()

    def _choose(self, pin: str) -> None:
        if is_weak(pin):
            self.refuse(Refusal(RefusalCode.PAYMENT_PIN_WEAK))
            return
        self._chosen, self._step = pin, _Step.AGAIN
        self.quiet()
        self.publish()

    def _repeat(self, pin: str) -> None:
        chosen, self._chosen, self._step = self._chosen, "", _Step.NEW
        if pin == chosen:
            self._set(pin)
            return
        t = self.t
        self.quiet()
        self.notice = Notice(title=t("The two are not the same"), remedy=t("Choose the new PIN again."))
        self.publish()

    def _set(self, pin: str) -> None:
        member, action, by_card, old = self._member, self._action, self._by_card, self._old
        if member is not None and action is not None:
            member_id, counter = member.member_id, self.desk.counter
            self.act(
                lambda: counter.set_pin(action, member_id, pin, static_card=by_card, proven=old),
                self._done,
            )

    def _done(self, completed: Completed) -> None:
        self.desk.navigator.go(Result(completed, self._member.name_masked if self._member else ""))
