"""A member's card and standing: report it lost, find it again, freeze, lift, a new card, papers seen. One choice, explained, then confirmed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stored_value.identity import EventId
from stored_value.refusals import Refusal
from stored_value.wallet import Identity, WalletStatus
from terminal.counter.views import Completed, MemberView, StaffRole, TillStatus
from terminal.language import later
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import CardCare, Result
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice, wallet_status

_LOST, _FOUND, _NEW_CARD, _FREEZE, _LIFT, _PAPERS = "lost", "found", "new_card", "freeze", "lift", "papers"
_SAID: Final = {
    _LOST: (
        later("Report the card lost"),
        later("Nothing can be paid with it from now on; the balance stays."),
        later("Report it lost"),
    ),
    _FOUND: (
        later("The card was found"),
        later("It counts again, here and in every store."),
        later("Let it count again"),
    ),
    _NEW_CARD: (
        later("Print a new card"),
        later("The receipt bears the new card. Older cards no longer count, and a loss report ends."),
        later("Print the new card"),
    ),
    _FREEZE: (
        later("Freeze the card"),
        later("Nothing goes in or out until a manager lifts it."),
        later("Freeze it"),
    ),
    _LIFT: (later("Lift the freeze"), later("The card counts again, here and in every store."), later("Lift it")),
    _PAPERS: (
        later("Papers were seen"),
        later("Needed above the limit of the law. What the papers say is not recorded."),
        later("Record that they were seen"),
    ),
}
_ICONS: Final = {
    _LOST: "flag",
    _FOUND: "check",
    _NEW_CARD: "credit-card",
    _FREEZE: "lock",
    _LIFT: "lock-open",
    _PAPERS: "id-badge-2",
}
_CHOICES: Final = {
    WalletStatus.ACTIVE: (_LOST, _NEW_CARD, _FREEZE, _PAPERS),
    WalletStatus.LOST: (_NEW_CARD, _FOUND, _FREEZE, _PAPERS),
    WalletStatus.FROZEN: (_LIFT,),
    WalletStatus.CLOSED: (),
}
_OF_A_MANAGER: Final = (_FREEZE, _LIFT)
_ONLINE_ONLY: Final = (_FOUND, _NEW_CARD, _LIFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareChoice:
    """`hint` says who may do it, or when."""

    key: str
    label: str
    hint: str
    icon: str
    chosen: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCareView:
    title: str
    back: str
    header: MemberHeader
    facts: tuple[tuple[str, str], ...]
    choices: tuple[CareChoice, ...]
    heading: str
    explanation: str
    confirm: str
    confirm_enabled: bool
    notice: Notice


class CardCarePresenter(CounterPresenter[CardCareView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._member: MemberView | None = None
        self._chosen = ""
        self._manager = False
        self._online = False

    def begin(self) -> None:
        destination = self.destination
        if not isinstance(destination, CardCare):
            return
        self._member, self._chosen = destination.member, ""
        member_id = destination.member.member_id
        self.ask("status", self.desk.counter.status, self._know_till)
        self.ask("member", lambda: self.desk.counter.member(member_id), self._renew)

    def choose(self, key: str) -> None:
        if not self.busy:
            self._chosen = key
            self.quiet()
            self.publish()

    def confirm(self) -> None:
        member, chosen, counter = self._member, self._chosen, self.desk.counter
        if member is None or not chosen:
            return
        member_id = member.member_id
        work: dict[str, Callable[[EventId], Completed | Refusal]] = {
            _LOST: lambda action: counter.change_status(action, member_id, WalletStatus.LOST),
            _FOUND: lambda action: counter.change_status(action, member_id, WalletStatus.ACTIVE),
            _FREEZE: lambda action: counter.change_status(action, member_id, WalletStatus.FROZEN),
            _LIFT: lambda action: counter.change_status(action, member_id, WalletStatus.ACTIVE),
            _NEW_CARD: lambda action: counter.replace_card(action, member_id),
            _PAPERS: lambda action: counter.record_identity(action, member_id, Identity.VERIFIED),
        }
        self.act(lambda: work[chosen](counter.new_action()), self._done)

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> CardCareView:
        t, member, chosen = self.t, self._member, self._chosen
        heading, explanation, word = _SAID[chosen] if chosen else (later("Choose what to do"), "", "")
        return CardCareView(
            title=t("Card and standing"),
            back=t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            facts=() if member is None else self._facts(member),
            choices=() if member is None else tuple(self._choice(key) for key in self._keys(member)),
            heading=t(heading),
            explanation=t(explanation) if explanation else "",
            confirm=t("One moment…") if self.slow else t(word) if word else "",
            confirm_enabled=bool(chosen) and not self.busy,
            notice=self.notice,
        )

    def _facts(self, member: MemberView) -> tuple[tuple[str, str], ...]:
        t = self.t
        papers = {
            Identity.BEARER: t("bearer"),
            Identity.NAMED: t("named"),
            Identity.VERIFIED: t("papers seen"),
        }
        return (
            (t("Standing"), wallet_status(member.status, self.desk.texts)),
            (t("Card issue"), str(member.card_issue)),
            (t("Identity"), papers[member.identity]),
        )

    @staticmethod
    def _keys(member: MemberView) -> tuple[str, ...]:
        verified = member.identity is Identity.VERIFIED
        return tuple(key for key in _CHOICES[member.status] if not (verified and key == _PAPERS))

    def _choice(self, key: str) -> CareChoice:
        t = self.t
        for_manager = key in _OF_A_MANAGER and not self._manager
        offline = key in _ONLINE_ONLY and not self._online
        return CareChoice(
            key=key,
            label=t(_SAID[key][0]),
            hint=t("a manager's to do") if for_manager else t("only online") if offline else "",
            icon=_ICONS[key],
            chosen=key == self._chosen,
            enabled=not for_manager and not offline,
        )

    def _know_till(self, status: TillStatus) -> None:
        self._manager = status.staff_role is StaffRole.MANAGER
        self._online = status.online
        self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._member = answer
            self.publish()

    def _done(self, completed: Completed) -> None:
        name = self._member.name_masked if self._member else ""
        self.desk.navigator.go(Result(completed, name))
