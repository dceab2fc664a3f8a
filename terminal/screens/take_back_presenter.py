"""Taking the last entry back: what it was, what would undo it and what changes hands, or why it stays. One confirmation, naming the amount."""

from dataclasses import dataclass
from typing import Final

from stored_value.money import format_yuan
from stored_value.refusals import Refusal
from terminal.counter.views import Completed
from terminal.counter.views_money_out import TakingBack
from terminal.language import later
from terminal.screens.clock_words import hours_and_minutes
from terminal.screens.navigation import Result, TakeBack
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.tender_ways import said_tenders
from terminal.screens.words import Notice, explain, kind_name

_EFFECTS: Final = {
    "top_up_reversed": later("The top-up and its bonus leave the balance; the money goes back to the member."),
    "purchase_refunded": later("Everything that was paid goes back to the balance, just as it was drawn."),
    "order_refunded": later("Everything that the order took goes back, just as it was taken."),
    "refund_reversed": later("The lines count as paid again; the balance pays for them once more."),
    "cash_out_rejected": later("The request is gone; what was set aside is back in the balance."),
    "cash_out_reversed": later("The member hands the money back; the request waits again."),
    "deposit_returned": later("The deposit goes back to the member."),
    "deposit_restored": later("The deposit is held again as before."),
    "status_changed": later("The card is in the state that it had before."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackView:
    """`confirm` is empty when nothing can be taken back; the notice then says why."""

    title: str
    back: str
    heading: str
    subheading: str
    amount: str
    facts: tuple[tuple[str, str], ...]
    effect_title: str
    effect: str
    hands: str
    confirm: str
    confirm_enabled: bool
    notice: Notice


class TakeBackPresenter(CounterPresenter[TakeBackView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: TakingBack | None = None
        self._answered = False

    def begin(self) -> None:
        destination = self.destination
        if not isinstance(destination, TakeBack):
            return
        self._found, self._answered = None, False
        counter, event_id = self.desk.counter, destination.event_id
        if event_id is None:
            self.ask("look", counter.last_entry, self._show)
        else:
            self.ask("look", lambda: counter.look_back(event_id), self._show)

    def confirm(self) -> None:
        found, counter = self._found, self.desk.counter
        if found is not None and found.by_kind:
            self.act(lambda: counter.take_back(counter.new_action(), found.event_id), self._done)

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> TakeBackView:
        t, found = self.t, self._found
        if found is None:
            nothing = t("No entry of this shift yet") if self._answered else ""
            return _empty(t("Undo the last entry"), t("Back"), nothing, self.notice)
        possible = bool(found.by_kind)
        amount = format_yuan(abs(found.amount_minor))
        return TakeBackView(
            title=t("Undo the last entry"),
            back=t("Back"),
            heading=kind_name(found.kind, self.desk.texts),
            subheading=found.receipt_no,
            amount=amount if found.amount_minor else "",
            facts=(
                (t("Member"), f"{found.name_masked}  {found.phone_last4}".strip()),
                (t("Time"), hours_and_minutes(found.local_time)),
            ),
            effect_title=t("What happens"),
            effect=t(_EFFECTS[found.by_kind]) if found.by_kind in _EFFECTS else "",
            hands=self._hands(found),
            confirm=self._confirm_word(amount if found.amount_minor else "") if possible else "",
            confirm_enabled=possible and not self.busy,
            notice=self._notice(found),
        )

    def _hands(self, found: TakingBack) -> str:
        if not found.tenders:
            return ""
        said = said_tenders(found.tenders, self.desk.texts)
        return (
            self.t("Hand out {tenders}", tenders=said) if found.to_member else self.t("Take in {tenders}", tenders=said)
        )

    def _confirm_word(self, amount: str) -> str:
        if self.slow:
            return self.t("One moment…")
        return self.t("Really undo {amount}", amount=amount) if amount else self.t("Really undo it")

    def _notice(self, found: TakingBack) -> Notice:
        """Why not, as it was found; what a try was answered stands before it."""
        if self.notice.title or found.refusal is None:
            return self.notice
        return explain(found.refusal, self.desk.texts)

    def _show(self, answer: TakingBack | Refusal | None) -> None:
        self._answered = True
        if isinstance(answer, Refusal):
            self.refuse(answer)
            return
        self._found = answer
        self.publish()

    def _done(self, completed: Completed) -> None:
        name = self._found.name_masked if self._found else ""
        self.desk.navigator.go(Result(completed, name))


def _empty(title: str, back: str, heading: str, notice: Notice) -> TakeBackView:
    return TakeBackView(
        title=title,
        back=back,
        heading=heading,
        subheading="",
        amount="",
        facts=(),
        effect_title="",
        effect="",
        hands="",
        confirm="",
        confirm_enabled=False,
        notice=notice,
    )
