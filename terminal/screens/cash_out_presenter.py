"""Paying a balance out: the reckoning top-up by top-up before anybody confirms, the request, then its payment or rejection. Reckons nothing itself."""

from dataclasses import dataclass
from typing import Final

from stored_value.cash_out_records import CashOutLine
from stored_value.money import format_yuan
from stored_value.policies import CashOutMethod
from stored_value.refusals import Refusal
from terminal.counter.views import Completed, MemberView, StaffRole, TillStatus
from terminal.counter.views_money_out import CashOutQuote, WaitingCashOut
from terminal.language import later
from terminal.screens.clock_words import hours_and_minutes
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import CashOut, Result
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.tender_ways import ORIGINAL, WayView, said_tenders, tender_ways, tenders_of
from terminal.screens.words import Notice

_METHODS: Final = {
    CashOutMethod.PRINCIPAL_ONLY: later("the principal that is left"),
    CashOutMethod.PROPORTIONAL: later("in proportion to use"),
    CashOutMethod.UNDISCOUNTED: later("use at the full price"),
    CashOutMethod.COOLING_OFF: later("only in the cooling-off days"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReckonedCaptions:
    paid: str
    gift: str
    used: str
    consumed: str
    refundable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReckonedLine:
    """One top-up: how it was paid and used, and what of it is paid out. `note` says by which reckoning, and what it costs; `nothing`: it is left as it is."""

    title: str
    note: str
    paid: str
    gift: str
    used: str
    consumed: str
    refundable: str
    nothing: bool
    captions: ReckonedCaptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutView:
    """Before the request `confirm` asks for it; while one waits it pays. `reject` is empty unless there is something to reject, and asks once more
    (`rejecting`). `merchant` is a manager's switch, empty for others."""

    title: str
    back: str
    header: MemberHeader
    lines: tuple[ReckonedLine, ...]
    heading: str
    subheading: str
    amount: str
    facts: tuple[tuple[str, str], ...]
    ways: tuple[WayView, ...]
    merchant: str
    merchant_chosen: bool
    confirm: str
    confirm_enabled: bool
    reject: str
    rejecting: bool
    notice: Notice


class CashOutPresenter(CounterPresenter[CashOutView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._forget(None)

    def _forget(self, member: MemberView | None) -> None:
        self._member = member
        self._manager = False
        self._merchant_caused = False
        self._quote: CashOutQuote | None = None
        self._waiting: WaitingCashOut | None = None
        self._way = ORIGINAL
        self._rejecting = False

    def begin(self) -> None:
        destination = self.destination
        if not isinstance(destination, CashOut):
            return
        self._forget(destination.member)
        self.ask("status", self.desk.counter.status, self._know_staff)
        self._look()

    def switch_merchant(self) -> None:
        if self._manager and self._waiting is None and not self.busy:
            self._merchant_caused = not self._merchant_caused
            self._quote = None
            self.quiet()
            self._ask_quote()
            self.publish()

    def choose_way(self, key: str) -> None:
        self._way = key
        self._rejecting = False
        self.quiet()
        self.publish()

    def confirm(self) -> None:
        member, quote, waiting = self._member, self._quote, self._waiting
        counter = self.desk.counter
        if member is None:
            return
        if waiting is not None and waiting.here:
            request = waiting.asked
            tenders = tenders_of(self._way, request.refundable_minor, waiting.goes_back)
            self._rejecting = False
            self.act(
                lambda: counter.pay_cash_out(counter.new_action(), member.member_id, request.request_id, tenders),
                self._settled,
            )
        elif quote is not None and waiting is None:
            self.act(lambda: counter.request_cash_out(counter.new_action(), quote), self._requested)

    def reject(self) -> None:
        member, waiting, counter = self._member, self._waiting, self.desk.counter
        if member is None or waiting is None or not waiting.here or self.busy:
            return
        if not self._rejecting:
            self._rejecting = True
            self.publish()
            return
        request_id = waiting.asked.request_id
        self.act(
            lambda: counter.reject_cash_out(counter.new_action(), member.member_id, request_id),
            self._settled,
        )

    def back(self) -> None:
        if self._rejecting:
            self._rejecting = False
            self.publish()
        else:
            self.desk.navigator.back()

    def build(self) -> CashOutView:
        t, member, waiting = self.t, self._member, self._waiting
        return CashOutView(
            title=t("Pay out the balance"),
            back=t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            lines=self._lines(),
            heading=t("Waiting to be paid") if waiting is not None else t("Would be paid out"),
            subheading=self._subheading(),
            amount=self._amount(),
            facts=self._facts(),
            ways=self._ways(),
            merchant=t("Caused by us") if self._manager and waiting is None else "",
            merchant_chosen=self._merchant_caused,
            confirm=self._confirm_word(),
            confirm_enabled=not self.busy and self._can_confirm(),
            reject=self._reject_word(),
            rejecting=self._rejecting,
            notice=self.notice,
        )

    def _lines(self) -> tuple[ReckonedLine, ...]:
        if self._waiting is not None:
            return tuple(self._line(line) for line in self._waiting.asked.lines)
        if self._quote is None:
            return ()
        paid = tuple(self._line(line) for line in self._quote.lines)
        return (*paid, *(self._line(line, nothing=True) for line in self._quote.nothing))

    def _line(self, line: CashOutLine, *, nothing: bool = False) -> ReckonedLine:
        t = self.t
        note = t("cooling-off days") if line.cooling_off else t(_METHODS[line.method])
        if nothing:
            note = t("stays as it is")
        elif line.forfeited_minor:
            note = f"{note} · " + t("gives up {amount} of bonus", amount=format_yuan(line.forfeited_minor))
        return ReckonedLine(
            title=t("Top-up of {day}", day=line.acquired_on.isoformat()),
            note=note,
            paid=format_yuan(line.paid_minor),
            gift=format_yuan(line.gift_minor),
            used=format_yuan(line.used_minor),
            consumed="-" + format_yuan(line.consumed_minor) if line.consumed_minor else format_yuan(0),
            refundable=format_yuan(line.refundable_minor) if not nothing else "—",
            nothing=nothing,
            captions=ReckonedCaptions(
                paid=t("paid"),
                gift=t("bonus given"),
                used=t("used"),
                consumed=t("counts as used"),
                refundable=t("to pay out"),
            ),
        )

    def _subheading(self) -> str:
        waiting = self._waiting
        if waiting is None:
            return ""
        if not waiting.here:
            return self.t("asked for at another till")
        return f"{waiting.receipt_no} · {hours_and_minutes(waiting.local_time)}"

    def _amount(self) -> str:
        if self._waiting is not None:
            return format_yuan(self._waiting.asked.refundable_minor)
        if self._quote is not None:
            return format_yuan(self._quote.refundable_minor)
        return "—" if self.refusal is not None else "…"

    def _facts(self) -> tuple[tuple[str, str], ...]:
        t, waiting, quote = self.t, self._waiting, self._quote
        if waiting is not None:
            asked = waiting.asked
            lines, reserved = asked.lines, asked.reserved_minor
            tenders = tenders_of(self._way, asked.refundable_minor, waiting.goes_back)
        elif quote is not None:
            lines, reserved = quote.lines, quote.reserved_minor
            tenders = tenders_of(ORIGINAL, quote.refundable_minor, quote.goes_back)
        else:
            return ()
        claw_back = sum(line.principal_minor - line.refundable_minor for line in lines)
        forfeited = sum(line.forfeited_minor for line in lines)
        return (
            (t("Goes back by"), said_tenders(tenders, self.desk.texts)),
            (t("Set aside") if waiting is not None else t("Set aside at once"), format_yuan(reserved)),
            *(((t("Bonus taken back"), format_yuan(claw_back)),) if claw_back > 0 else ()),
            (t("Bonus given up"), format_yuan(forfeited)),
        )

    def _ways(self) -> tuple[WayView, ...]:
        waiting = self._waiting
        if waiting is None or not waiting.here:
            return ()
        return tender_ways(self.desk.texts, self._way, original=True, only_original=waiting.original_only)

    def _can_confirm(self) -> bool:
        return self._waiting.here if self._waiting is not None else self._quote is not None

    def _confirm_word(self) -> str:
        if self.slow:
            return self.t("One moment…")
        if self._waiting is not None:
            return self.t("Pay {amount}", amount=self._amount()) if self._waiting.here else ""
        return self.t("Ask for {amount}", amount=self._amount()) if self._quote is not None else self.t("Ask for it")

    def _reject_word(self) -> str:
        if self._waiting is None or not self._waiting.here:
            return ""
        return self.t("Really reject it") if self._rejecting else self.t("Reject")

    def _look(self) -> None:
        """Whether a request waits, and the reckoning when none does."""
        if self._member is not None:
            member_id = self._member.member_id
            self.ask("member", lambda: self.desk.counter.member(member_id), self._renew)
            self.ask("waiting", lambda: self.desk.counter.waiting_cash_out(member_id), self._show_waiting)

    def _ask_quote(self) -> None:
        if self._member is not None:
            member_id, merchant = self._member.member_id, self._merchant_caused
            counter = self.desk.counter
            self.ask("quote", lambda: counter.quote_cash_out(member_id, merchant_caused=merchant), self._show_quote)

    def _show_waiting(self, answer: WaitingCashOut | Refusal | None) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
            return
        self._waiting = answer
        if answer is None:
            self._ask_quote()
        self.publish()

    def _show_quote(self, answer: CashOutQuote | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._quote = answer
            self.publish()

    def _know_staff(self, status: TillStatus) -> None:
        self._manager = status.staff_role is StaffRole.MANAGER
        self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if not isinstance(answer, Refusal):
            self._member = answer
            self.publish()

    def _requested(self, _completed: Completed) -> None:
        """The slip is printed; the same screen now pays or rejects."""
        self._quote = None
        self._look()

    def _settled(self, completed: Completed) -> None:
        name = self._member.name_masked if self._member else ""
        self.desk.navigator.go(Result(completed, name))
