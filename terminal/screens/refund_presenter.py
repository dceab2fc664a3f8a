"""Refunding a purchase or an order: find the receipt (scan, number or list), choose lines, lower an amount or a number of uses, confirm. Where it goes back to
is the counter's business; of an order it is shown before."""

from dataclasses import dataclass
from typing import Final

from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId
from stored_value.money import format_yuan, in_words
from stored_value.refusals import Refusal
from terminal.counter.order_views import OrderRefundQuote
from terminal.counter.views import Completed, PurchaseLineView, PurchaseView, ReceiptRow, TillStatus
from terminal.screens.amounts import CLEAR, AmountEntry, DigitEntry
from terminal.screens.clock_words import hours_and_minutes
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.navigation import Refund, Result
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.refund_lines import ChosenLine, can_go_back, goes_back_text
from terminal.screens.words import Notice

_ALL: Final = "all"
_SEQ_DIGITS: Final = 6
_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptChoice:
    receipt_no: str
    title: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """`editing`: the keypad changes this line's amount."""

    line_no: int
    name: str
    detail: str
    amount: str
    chosen: bool
    editing: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """Without a purchase `choices` lists receipts; with one `lines` lists what it holds. `goes_back` says where a refund of an order goes."""

    title: str
    back: str
    found: bool
    heading: str
    subheading: str
    choices: tuple[ReceiptChoice, ...]
    choices_empty: str
    lines: tuple[LineRow, ...]
    goes_back: str
    reason_title: str
    reasons: tuple[QuickKey, ...]
    notice: Notice
    pad: KeypadView


class RefundPresenter(CounterPresenter[RefundView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._terminal = ""
        self._choices: tuple[ReceiptRow, ...] = ()
        self._number = DigitEntry(_SEQ_DIGITS)
        self._take(None)

    def _take(self, purchase: PurchaseView | None) -> None:
        self._purchase = purchase
        self._action: EventId | None = None
        self._chosen: dict[int, ChosenLine] = {}
        self._quote: OrderRefundQuote | None = None
        self._editing: int | None = None
        self._reason = "returned"

    def begin(self) -> None:
        destination = self.destination
        purchase = destination.purchase if isinstance(destination, Refund) else None
        self._number = DigitEntry(_SEQ_DIGITS)
        self._choices = ()
        self._open(purchase)
        self.ask("status", self.desk.counter.status, self._know_till)
        self.ask("receipts", lambda: self.desk.counter.receipts(_LISTED), self._show_choices)

    def choose_receipt(self, receipt_no: str) -> None:
        self.act(lambda: self.desk.counter.purchase(receipt_no), self._open_and_show)

    def choose_line(self, line_no: int) -> None:
        """Takes a line in full; another touch on it leaves it out again. The last one touched is the one the keypad changes."""
        line = self._line(line_no)
        if line is None or self.busy or not can_go_back(line):
            return
        if line_no in self._chosen and self._editing == line_no:
            del self._chosen[line_no]
            self._editing = next(reversed(self._chosen), None)
        elif line_no in self._chosen:
            self._editing = line_no
        else:
            self._chosen[line_no] = ChosenLine.whole(line)
            self._editing = line_no
        self._choice_changed()

    def choose_reason(self, reason: str) -> None:
        self._reason = reason
        self.publish()

    def press(self, key: str) -> None:
        if self.busy:
            return
        if self._purchase is None:
            self._press_number(key)
        elif key == CONFIRM:
            self._confirm(self._purchase)
        elif key == _ALL:
            self._choose_all(self._purchase)
        else:
            self._press_amount(key)

    def back(self) -> None:
        if self._purchase is not None and self._choices:
            self._take(None)
            self.quiet()
            self.publish()
        else:
            self.desk.navigator.back()

    def build(self) -> RefundView:
        t, purchase = self.t, self._purchase
        return RefundView(
            title=t("Refund"),
            back=t("Back"),
            found=purchase is not None,
            heading=t("Scan the receipt") if purchase is None else f"{purchase.name_masked}  {purchase.phone_last4}",
            subheading=t("or type its number, or choose it below")
            if purchase is None
            else f"{purchase.receipt_no} · {purchase.business_date:%m-%d} {hours_and_minutes(purchase.local_time)}",
            choices=() if purchase is not None else tuple(self._choice(row) for row in self._choices),
            choices_empty=t("No purchase at this till can be refunded")
            if purchase is None and not self._choices
            else "",
            lines=() if purchase is None else tuple(self._line_row(line) for line in purchase.lines),
            goes_back=goes_back_text(self._quote, self.desk.texts) if self._quote is not None else "",
            reason_title=t("Why?"),
            reasons=() if purchase is None else self._reasons(),
            notice=self.notice,
            pad=self._number_pad() if purchase is None else self._refund_pad(purchase),
        )

    def _choice(self, row: ReceiptRow) -> ReceiptChoice:
        return ReceiptChoice(
            receipt_no=row.receipt_no,
            title=f"{row.name_masked}  {row.phone_last4}",
            detail=f"{hours_and_minutes(row.local_time)} · {row.receipt_no}",
            amount=format_yuan(abs(row.amount_minor)),
        )

    def _line_row(self, line: PurchaseLineView) -> LineRow:
        t, chosen = self.t, self._chosen.get(line.line_no)
        if not can_go_back(line):
            detail = t("fully refunded")
        elif line.units:
            detail = t("by a pass: {left} of {units} can go back", left=line.units_left, units=line.units)
        elif line.only_whole:
            detail = t("the whole pass, less what was used")
        elif line.refunded_minor:
            detail = t("{amount} refunded before", amount=format_yuan(line.refunded_minor))
        else:
            detail = t("paid {amount}", amount=format_yuan(line.total_minor))
        rest = f"× {line.units_left}" if line.units else format_yuan(line.refundable_minor)
        return LineRow(
            line_no=line.line_no,
            name=line.name,
            detail=detail,
            amount=rest if chosen is None else chosen.row_text,
            chosen=chosen is not None,
            editing=self._editing == line.line_no,
            enabled=can_go_back(line),
        )

    def _reasons(self) -> tuple[QuickKey, ...]:
        labels = {
            "returned": self.t("Returned"),
            "mistake": self.t("Mistake"),
            "quality": self.t("Quality"),
            "other": self.t("Other"),
        }
        return tuple(
            QuickKey(key=reason, label=label, chosen=reason == self._reason) for reason, label in labels.items()
        )

    def _number_pad(self) -> KeypadView:
        t, digits = self.t, self._number.digits
        return KeypadView(
            caption=t("Receipt number"),
            display=f"{self._terminal}-{digits}" if digits else self._terminal,
            faint=not digits,
            below=t("the digits after the last dash"),
            quick=(QuickKey(key=CLEAR, label=t("Clear"), enabled=bool(digits)),),
            confirm=t("One moment…") if self.slow else t("Find"),
            confirm_enabled=bool(digits) and bool(self._terminal) and not self.busy,
            tone=Tone.REFUND,
            point_key=False,
            large=False,
        )

    def _refund_pad(self, purchase: PurchaseView) -> KeypadView:
        t, total = self.t, self._total_minor
        editing = self._chosen.get(self._editing) if self._editing is not None else None
        units = sum(chosen.count for chosen in self._chosen.values())
        return KeypadView(
            caption=t("Touch what comes back") if editing is None else t("Refund of {name}", name=editing.line.name),
            display=AmountEntry().shown if editing is None else editing.shown,
            faint=editing is None or editing.is_empty,
            below=in_words(total) if total else "",
            aside=t("Total {amount}", amount=format_yuan(total)) if len(self._chosen) > 1 else "",
            quick=(
                QuickKey(key=_ALL, label=t("All lines"), enabled=any(map(can_go_back, purchase.lines))),
                QuickKey(key=CLEAR, label=t("Clear"), enabled=editing is not None),
            ),
            confirm=t("One moment…") if self.slow else t("Refund"),
            confirm_amount=format_yuan(total) if total else f"× {units}" if units else "",
            confirm_enabled=self._can_confirm(),
            tone=Tone.REFUND,
        )

    @property
    def _total_minor(self) -> int:
        return sum(chosen.minor for chosen in self._chosen.values())

    def _can_confirm(self) -> bool:
        return self._can_ask() and self._action is not None and not self.busy

    def _line(self, line_no: int) -> PurchaseLineView | None:
        lines = self._purchase.lines if self._purchase is not None else ()
        return next((line for line in lines if line.line_no == line_no), None)

    def _press_number(self, key: str) -> None:
        if key != CONFIRM:
            self._number = self._number.press(key)
            self.quiet()
            self.publish()
        elif self._number.digits and self._terminal:
            self.choose_receipt(f"{self._terminal}-{int(self._number.digits):0{_SEQ_DIGITS}d}")

    def _press_amount(self, key: str) -> None:
        if self._editing is None or self._editing not in self._chosen:
            return
        self._chosen[self._editing] = self._chosen[self._editing].press(key)
        self._choice_changed()

    def _choose_all(self, purchase: PurchaseView) -> None:
        self._chosen = {line.line_no: ChosenLine.whole(line) for line in purchase.lines if can_go_back(line)}
        self._editing = next(reversed(self._chosen), None)
        self._choice_changed()

    def _choice_changed(self) -> None:
        """Of an order the counter says where it goes back to; a purchase goes back to the balance."""
        self.quiet()
        purchase = self._purchase
        if purchase is None or not purchase.is_order or not self._can_ask():
            self._quote = None
            self.ask("quote", lambda: None, lambda _none: None)
        else:
            purchase_id, lines = purchase.purchase_id, self._order_lines()
            self.ask("quote", lambda: self.desk.counter.quote_order_refund(purchase_id, lines), self._show_quote)
        self.publish()

    def _can_ask(self) -> bool:
        return bool(self._chosen) and all(chosen.fits for chosen in self._chosen.values())

    def _order_lines(self) -> tuple[OrderRefundLine, ...]:
        return tuple(chosen.order_line for _line_no, chosen in sorted(self._chosen.items()))

    def _show_quote(self, answer: OrderRefundQuote | Refusal) -> None:
        if isinstance(answer, Refusal):
            self._quote = None
            self.refuse(answer)
        else:
            self._quote = answer
            self.publish()

    def _open(self, purchase: PurchaseView | None) -> None:
        self._take(purchase)
        if purchase is not None:
            self.ask("new_action", self.desk.counter.new_action, self._started)

    def _open_and_show(self, purchase: PurchaseView) -> None:
        self._open(purchase)
        self.publish()

    def _started(self, action: EventId) -> None:
        self._action = action
        self.publish()

    def _know_till(self, status: TillStatus) -> None:
        self._terminal = status.terminal_id
        self.publish()

    def _show_choices(self, rows: tuple[ReceiptRow, ...]) -> None:
        self._choices = tuple(row for row in rows if row.refundable)
        self.publish()

    def _confirm(self, purchase: PurchaseView) -> None:
        action = self._action
        if action is None or not self._can_confirm():
            return
        reason = next(choice.label for choice in self._reasons() if choice.chosen)
        counter, purchase_id = self.desk.counter, purchase.purchase_id
        if purchase.is_order:
            back = self._order_lines()
            self.act(lambda: counter.refund_order(action, purchase_id, back, reason), self._done)
        else:
            lines = tuple(chosen.refund_line for _line_no, chosen in sorted(self._chosen.items()))
            self.act(lambda: counter.refund(action, purchase_id, lines, reason), self._done)

    def _done(self, completed: Completed) -> None:
        name = self._purchase.name_masked if self._purchase else ""
        self.desk.navigator.go(Result(completed, name))
