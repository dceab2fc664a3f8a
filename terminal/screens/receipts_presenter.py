"""This till's receipts: find one, print it again (marked), refund a purchase, or go and take the last entry of a member back."""

from dataclasses import dataclass
from typing import Final

from stored_value.money import format_yuan
from terminal.counter.views import Completed, PurchaseView, ReceiptRow
from terminal.screens.clock_words import hours_and_minutes
from terminal.screens.navigation import Refund, TakeBack
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice, kind_name

_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRowView:
    seq: int
    title: str
    detail: str
    amount: str
    gain: bool
    mark: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsView:
    """`refund` and `undo` are empty unless the chosen entry can be refunded or taken back; with none chosen `undo` is about the till's last one."""

    title: str
    back: str
    rows: tuple[ReceiptRowView, ...]
    empty: str
    heading: str
    subheading: str
    amount: str
    facts: tuple[tuple[str, str], ...]
    reprint: str
    refund: str
    undo: str
    notice: Notice


class ReceiptsPresenter(CounterPresenter[ReceiptsView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows: tuple[ReceiptRow, ...] = ()
        self._chosen: ReceiptRow | None = None
        self._reprinted: int | None = None

    def begin(self) -> None:
        self._rows, self._chosen, self._reprinted = (), None, None
        self.ask("rows", lambda: self.desk.counter.receipts(_LISTED), self._show)

    def choose(self, seq: int) -> None:
        self._chosen = next((row for row in self._rows if row.seq == seq), None)
        self.quiet()
        self.publish()

    def reprint(self) -> None:
        row = self._chosen
        if row is not None:
            self.act(lambda: self.desk.counter.reprint(row.seq), self._printed)

    def refund(self) -> None:
        row = self._chosen
        if row is not None and row.refundable:
            self.act(lambda: self.desk.counter.purchase(row.receipt_no), self._refund)

    def undo(self) -> None:
        """What it does, and why not, is the next screen's to say."""
        row = self._chosen
        if row is None:
            self.desk.navigator.go(TakeBack())
        elif row.reversible:
            self.desk.navigator.go(TakeBack(row.event_id))

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> ReceiptsView:
        t, row = self.t, self._chosen
        return ReceiptsView(
            title=t("Receipts"),
            back=t("Back"),
            rows=tuple(self._row(entry) for entry in self._rows),
            empty="" if self._rows else t("No receipt at this till yet"),
            heading=kind_name(row.kind, self.desk.texts) if row else t("Choose a receipt"),
            subheading=row.receipt_no if row else t("or scan its code"),
            amount=format_yuan(row.amount_minor) if row else "",
            facts=self._facts(row) if row else (),
            reprint=self._reprint_word(row) if row else "",
            refund=t("Refund") if row and row.refundable else "",
            undo=self._undo_word(),
            notice=self.notice,
        )

    def _row(self, row: ReceiptRow) -> ReceiptRowView:
        who = f"{row.name_masked}  {row.phone_last4}".strip() or row.staff_name
        gain = row.member_id is not None and row.amount_minor > 0
        mark = self.t("to be looked at") if row.flagged else self.t("to be sent") if row.pending else ""
        return ReceiptRowView(
            seq=row.seq,
            title=f"{kind_name(row.kind, self.desk.texts)}  {who}",
            detail=f"{hours_and_minutes(row.local_time)} · {row.receipt_no}",
            amount=("+" if gain else "") + format_yuan(row.amount_minor),
            gain=gain,
            mark=mark,
            chosen=self._chosen is not None and self._chosen.seq == row.seq,
        )

    def _facts(self, row: ReceiptRow) -> tuple[tuple[str, str], ...]:
        t = self.t
        state = t("to be looked at") if row.flagged else t("to be sent") if row.pending else t("at head office")
        facts = (
            (t("Member"), f"{row.name_masked}  {row.phone_last4}".strip()),
            (
                t("Time"),
                f"{row.business_date:%m-%d} {hours_and_minutes(row.local_time)}",
            ),
            (t("Cashier"), row.staff_name),
            (t("State"), state),
        )
        return tuple(fact for fact in facts if fact[1])

    def _reprint_word(self, row: ReceiptRow) -> str:
        if self.slow:
            return self.t("One moment…")
        return self.t("Printing again") if self._reprinted == row.seq else self.t("Print again")

    def _undo_word(self) -> str:
        row = self._chosen
        if row is None:
            return self.t("Undo the last entry") if any(each.reversible for each in self._rows) else ""
        return self.t("Undo") if row.reversible else ""

    def _show(self, rows: tuple[ReceiptRow, ...]) -> None:
        self._rows = rows
        self.publish()

    def _printed(self, completed: Completed) -> None:
        self._reprinted = completed.seq
        self.publish()

    def _refund(self, purchase: PurchaseView) -> None:
        self.desk.navigator.go(Refund(purchase))
