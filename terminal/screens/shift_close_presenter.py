"""Closing a shift blind: the cash is counted and typed before the till says what it expected; then the difference and the report."""

from dataclasses import dataclass

from stored_value.events import ShiftTotals, TenderKind
from stored_value.money import format_yuan, in_words
from terminal.counter.views import ShiftReport
from terminal.language import Texts
from terminal.screens.amounts import CLEAR, AmountEntry
from terminal.screens.clock_words import hours_and_minutes
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.navigation import Lock
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice, tender_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCloseView:
    """`closed`: the count is in, `rows` show the report and `verdict` the difference in words; before that `steps` say what to do."""

    title: str
    subtitle: str
    steps: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    verdict: str
    verdict_amount: str
    verdict_tone: Tone
    verdict_icon: str
    closed: bool
    back: str
    notice: Notice
    pad: KeypadView


class ShiftClosePresenter(CounterPresenter[ShiftCloseView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._counted = AmountEntry()
        self._opened_at = ""
        self._staff = ""
        self._report: ShiftReport | None = None

    def begin(self) -> None:
        self._counted = AmountEntry()
        self._report = None
        self._opened_at = self._staff = ""
        self.act(self.desk.counter.x_report, self._show_shift)

    def press(self, key: str) -> None:
        if key == CONFIRM:
            self._confirm()
        elif self._report is None:
            self._counted = self._counted.press(key)
            self.quiet()
            self.publish()

    def back(self) -> None:
        if self._report is None:
            self.desk.navigator.back()
        else:
            self._sign_out()

    def build(self) -> ShiftCloseView:
        t, report = self.t, self._report
        tone, icon, verdict, amount = _verdict(report, self.desk.texts)
        return ShiftCloseView(
            title=t("Close the shift") if report is None else t("Shift closed"),
            subtitle=t("{name} · open since {time}", name=self._staff, time=self._opened_at) if self._opened_at else "",
            steps=(
                t("Count all the cash in the drawer, the float included."),
                t("Type the sum. The till shows what it expected only afterwards."),
                t("The report is printed; put it with the cash."),
            )
            if report is None
            else (),
            rows=() if report is None else _rows(report, self.desk.texts),
            verdict=verdict,
            verdict_amount=amount,
            verdict_tone=tone,
            verdict_icon=icon,
            closed=report is not None,
            back=t("Back") if report is None else t("Lock"),
            notice=self.notice,
            pad=self._pad(),
        )

    def _pad(self) -> KeypadView:
        t, counted = self.t, self._counted
        if self._report is not None:
            return KeypadView(
                caption=t("Counted"),
                display=format_yuan(self._report.counted_minor or 0),
                faint=False,
                below=t("The report is being printed"),
                confirm=t("Done, lock the till"),
                confirm_enabled=True,
                tone=Tone.NEUTRAL,
            )
        return KeypadView(
            caption=t("Cash counted"),
            display=counted.shown,
            faint=counted.is_empty,
            below="" if counted.is_empty else in_words(counted.minor),
            quick=(QuickKey(key=CLEAR, label=t("Clear"), enabled=not counted.is_empty),),
            confirm=t("One moment…") if self.slow else t("Close shift"),
            confirm_amount="" if counted.is_empty else format_yuan(counted.minor),
            confirm_enabled=not counted.is_empty and not self.busy and bool(self._opened_at),
            tone=Tone.NEUTRAL,
        )

    def _show_shift(self, report: ShiftReport) -> None:
        self._opened_at, self._staff = hours_and_minutes(report.opened_at), report.staff_name
        self.publish()

    def _confirm(self) -> None:
        if self._report is not None:
            self._sign_out()
        elif not self._counted.is_empty and self._opened_at:
            counted_minor = self._counted.minor
            self.act(lambda: self.desk.counter.close_shift(counted_minor), self._closed)

    def _closed(self, report: ShiftReport) -> None:
        self._report = report
        self.publish()

    def _sign_out(self) -> None:
        self.ask("lock", self.desk.counter.sign_out, lambda _none: self.desk.navigator.go(Lock()))


def _verdict(report: ShiftReport | None, texts: Texts) -> tuple[Tone, str, str, str]:
    difference = None if report is None else report.difference_minor
    if difference is None:
        return Tone.NEUTRAL, "", "", ""
    if difference == 0:
        return Tone.REDEEM, "circle-check", texts.t("The count agrees"), format_yuan(0)
    if difference < 0:
        return Tone.DANGER, "alert-triangle", texts.t("Cash is missing"), format_yuan(difference)
    return Tone.REFUND, "alert-circle", texts.t("Too much cash"), "+" + format_yuan(difference)


def _rows(report: ShiftReport, texts: Texts) -> tuple[ReportRow, ...]:
    t, totals = texts.t, report.totals
    tenders = tuple(
        ReportRow(label=tender_name(kind, texts), value=format_yuan(totals.tenders_minor[kind.value]))
        for kind in TenderKind
        if totals.tenders_minor.get(kind.value)
    )
    return (
        ReportRow(label=t("Float"), value=format_yuan(report.float_minor)),
        *tenders,
        ReportRow(label=t("Bonus given"), value=format_yuan(totals.bonus_minor)),
        ReportRow(label=t("Redeemed"), value=format_yuan(totals.redeemed_minor)),
        ReportRow(label=t("Refunded"), value=format_yuan(totals.refunded_minor)),
        *_orders(totals, texts),
        ReportRow(label=t("Cash expected"), value=format_yuan(report.expected_minor or 0), strong=True),
        ReportRow(label=t("Cash counted"), value=format_yuan(report.counted_minor or 0), strong=True),
    )


def _orders(totals: ShiftTotals, texts: Texts) -> tuple[ReportRow, ...]:
    """Only in a shift that had any."""
    rows = ((texts.t("Orders"), totals.ordered_minor), (texts.t("Orders refunded"), totals.order_refunded_minor))
    return tuple(ReportRow(label=label, value=format_yuan(minor)) for label, minor in rows if minor)
