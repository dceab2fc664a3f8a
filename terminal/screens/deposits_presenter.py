"""Deposits of a member: take one for something lent, give one back, or keep a part of it. The amount is typed, the way chosen, then confirmed."""

from dataclasses import dataclass
from typing import Final

from stored_value.money import format_yuan, in_words
from stored_value.refusals import Refusal
from terminal.counter.views import Completed, MemberView
from terminal.counter.views_money_out import DepositView
from terminal.screens.amounts import CLEAR, AmountEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import Deposits, Result
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.tender_ways import WayView, tender_ways, tenders_of
from terminal.screens.words import Notice

KEEP: Final = "keep"
_CASH: Final = "cash"
_QUICK_MINOR: Final = (5_000, 10_000, 20_000)
_ALL: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRow:
    """`enabled`: this till took it and may give it back."""

    deposit_id: str
    title: str
    detail: str
    left: str
    chosen: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositsView:
    """With a deposit chosen the keypad is about giving it back or keeping it, else about taking a new one. `text` is what it stands for, or why it is kept;
    without `text_hint` there is nothing to type."""

    title: str
    back: str
    header: MemberHeader
    held_title: str
    held: tuple[DepositRow, ...]
    held_empty: str
    text: str
    text_hint: str
    ways: tuple[WayView, ...]
    notice: Notice
    pad: KeypadView


class DepositsPresenter(CounterPresenter[DepositsView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._held: tuple[DepositView, ...] = ()
        self._known = False
        self._forget(None)

    def _forget(self, member: MemberView | None) -> None:
        self._member = member
        self._held, self._known = (), False
        self._choose(None)

    def _choose(self, deposit: DepositView | None) -> None:
        self._chosen = deposit
        self._amount = AmountEntry() if deposit is None else AmountEntry.of(deposit.left_minor)
        self._way = _CASH
        if deposit is not None and len(deposit.tenders) == 1:
            self._way = deposit.tenders[0].kind.value
        self._text = ""

    def begin(self) -> None:
        destination = self.destination
        if not isinstance(destination, Deposits):
            return
        self._forget(destination.member)
        member_id = destination.member.member_id
        self.ask("member", lambda: self.desk.counter.member(member_id), self._renew)
        self.ask("deposits", lambda: self.desk.counter.deposits(member_id), self._show)

    @property
    def takes_scans(self) -> bool:
        return super().takes_scans and self._amount.is_empty

    def choose_deposit(self, deposit_id: str) -> None:
        """Another touch lets it go: the keypad takes a new one again."""
        if self.busy:
            return
        chosen = next((each for each in self._held if each.deposit_id == deposit_id and each.here), None)
        self._choose(None if chosen is self._chosen else chosen)
        self.quiet()
        self.publish()

    def choose_way(self, key: str) -> None:
        self._way = key
        self.quiet()
        self.publish()

    def type_text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.publish()

    def press(self, key: str) -> None:
        if self.busy:
            return
        if key == CONFIRM:
            self._confirm()
            return
        quick = key.removeprefix("minor:")
        if key == _ALL and self._chosen is not None:
            self._amount = AmountEntry.of(self._chosen.left_minor)
        else:
            pressed = AmountEntry.of(int(quick)) if quick != key else self._amount.press(key)
            if self._chosen is None or pressed.minor <= self._chosen.left_minor:
                self._amount = pressed
        self.quiet()
        self.publish()

    def back(self) -> None:
        if self._chosen is not None:
            self._choose(None)
            self.quiet()
            self.publish()
        else:
            self.desk.navigator.back()

    def build(self) -> DepositsView:
        t, member = self.t, self._member
        return DepositsView(
            title=t("Deposits"),
            back=t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            held_title=t("Touch one to give it back"),
            held=tuple(self._row(each) for each in self._held),
            held_empty=t("No deposit is held; type an amount to take one") if self._known and not self._held else "",
            text=self._text,
            text_hint=self._text_hint(),
            ways=self._ways(),
            notice=self.notice,
            pad=self._pad(),
        )

    def _row(self, deposit: DepositView) -> DepositRow:
        t = self.t
        where = deposit.receipt_no or t("taken at another till of {store}", store=deposit.store_id)
        return DepositRow(
            deposit_id=deposit.deposit_id,
            title=deposit.item or t("Deposit"),
            detail=f"{deposit.taken_on:%m-%d} · {where}",
            left=format_yuan(deposit.left_minor),
            chosen=self._chosen is not None and self._chosen.deposit_id == deposit.deposit_id,
            enabled=deposit.here,
        )

    def _text_hint(self) -> str:
        if self._chosen is None:
            return self.t("What is it for?")
        return self.t("Why is it kept?") if self._way == KEEP else ""

    def _ways(self) -> tuple[WayView, ...]:
        if self._chosen is None:
            return tender_ways(self.desk.texts, self._way, original=False, tone=Tone.TOP_UP)
        ways = tender_ways(self.desk.texts, self._way, original=False)
        keep = WayView(
            key=KEEP, label=self.t("Keep it"), icon="building-store", chosen=self._way == KEEP, tone=Tone.DANGER
        )
        return (*ways, keep)

    def _pad(self) -> KeypadView:
        t, amount, chosen = self.t, self._amount, self._chosen
        if chosen is None:
            caption, word, tone = t("Deposit to take"), t("Take the deposit"), Tone.TOP_UP
            quick = tuple(
                QuickKey(key=f"minor:{minor}", label=format_yuan(minor).removesuffix(".00")) for minor in _QUICK_MINOR
            )
        else:
            keeping = self._way == KEEP
            caption = t("Of {amount} left", amount=format_yuan(chosen.left_minor))
            word, tone = (t("Keep"), Tone.DANGER) if keeping else (t("Give back"), Tone.REFUND)
            quick = (QuickKey(key=_ALL, label=t("All of it")), QuickKey(key=CLEAR, label=t("Clear")))
        return KeypadView(
            caption=caption,
            display=amount.shown,
            faint=amount.is_empty,
            below=in_words(amount.minor) if amount.minor else "",
            quick=quick,
            confirm=t("One moment…") if self.slow else word,
            confirm_amount=format_yuan(amount.minor) if amount.minor else "",
            confirm_enabled=amount.minor > 0 and not self.busy,
            tone=tone,
        )

    def _confirm(self) -> None:
        member, chosen, amount, text = self._member, self._chosen, self._amount.minor, self._text
        counter = self.desk.counter
        if member is None or amount == 0:
            return
        if chosen is None:
            tenders = tenders_of(self._way, amount, ())
            self.act(lambda: counter.take_deposit(counter.new_action(), member.member_id, tenders, text), self._done)
        elif self._way == KEEP:
            self.act(lambda: counter.keep_deposit(counter.new_action(), chosen.deposit_id, amount, text), self._done)
        else:
            tenders = tenders_of(self._way, amount, ())
            self.act(lambda: counter.return_deposit(counter.new_action(), chosen.deposit_id, tenders), self._done)

    def _show(self, answer: tuple[DepositView, ...] | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
            return
        self._held, self._known = answer, True
        self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if not isinstance(answer, Refusal):
            self._member = answer
            self.publish()

    def _done(self, completed: Completed) -> None:
        name = self._member.name_masked if self._member else ""
        self.desk.navigator.go(Result(completed, name))
