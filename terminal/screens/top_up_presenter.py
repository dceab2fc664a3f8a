"""Topping up: a plan or an amount with its bonus shown before money is taken, then the tender; cash with banknotes and the change due."""

from dataclasses import dataclass
from typing import Final

from stored_value.events import Tender, TenderKind
from stored_value.identity import EventId, PromotionId
from stored_value.money import format_yuan, in_words
from stored_value.refusals import Refusal
from stored_value.rulebook import FixedPlan
from terminal.counter.views import Completed, MemberView, TopUpQuote
from terminal.screens.amounts import AmountEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import Result, TopUp
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.top_up_words import reason_text, rewards_beside_bonus
from terminal.screens.words import Notice, tender_icon, tender_name

_QUICK_MINOR: Final = (10_000, 20_000, 50_000)
_ROUND_MINOR: Final = (10_000, 50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    plan_id: str
    pay: str
    get: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRow:
    text: str
    amount: str
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderView:
    kind: str
    label: str
    icon: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpView:
    """`tendering`: the amount is fixed and the money is being taken."""

    title: str
    back: str
    header: MemberHeader
    tendering: bool
    plans_title: str
    plans: tuple[PlanView, ...]
    bonus_title: str
    bonus: str
    bonus_note: str
    reasons: tuple[ReasonRow, ...]
    after: str
    after_caption: str
    tender_title: str
    tenders: tuple[TenderView, ...]
    notice: Notice
    pad: KeypadView


class TopUpPresenter(CounterPresenter[TopUpView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._plans: tuple[FixedPlan, ...] = ()
        self._forget(None)

    def _forget(self, member: MemberView | None) -> None:
        self._member = member
        self._action: EventId | None = None
        self._amount = AmountEntry()
        self._plan: FixedPlan | None = None
        self._quote: TopUpQuote | None = None
        self._tendering = False
        self._tender: TenderKind | None = None
        self._received = AmountEntry()

    def begin(self) -> None:
        destination = self.destination
        if not isinstance(destination, TopUp):
            return
        self._forget(destination.member)
        member_id = destination.member.member_id
        self.ask("action", self.desk.counter.new_action, self._started)
        self.ask("plans", self.desk.counter.plans, self._show_plans)
        self.ask("member", lambda: self.desk.counter.member(member_id), self._renew)

    @property
    def takes_scans(self) -> bool:
        return super().takes_scans and not self._tendering

    def choose_plan(self, plan_id: str) -> None:
        if self.busy or self._tendering:
            return
        self._plan = next((plan for plan in self._plans if plan.promotion_id == plan_id), None)
        if self._plan is not None:
            self._amount = AmountEntry.of(self._plan.pay_minor)
        self._ask_quote()

    def choose_tender(self, kind: str) -> None:
        if self.busy:
            return
        self._tender = TenderKind(kind)
        self._received = AmountEntry()
        self.quiet()
        self.publish()

    def press(self, key: str) -> None:
        if self.busy:
            return
        if key == CONFIRM:
            self._confirm()
        elif self._tendering:
            self._press_received(key)
        else:
            self._press_amount(key)

    def back(self) -> None:
        if not self._tendering:
            self.desk.navigator.back()
            return
        self._tendering, self._tender = False, None
        self.quiet()
        self.publish()

    def build(self) -> TopUpView:
        t, member, quote = self.t, self._member, self._quote
        return TopUpView(
            title=t("Top up"),
            back=t("Change amount") if self._tendering else t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            tendering=self._tendering,
            plans_title=t("Plans"),
            plans=() if self._tendering else tuple(self._plan_view(plan) for plan in self._plans),
            bonus_title=t("Bonus"),
            bonus="+" + format_yuan(quote.bonus_minor) if quote and quote.bonus_minor else "",
            bonus_note=self._bonus_note(),
            reasons=self._reasons(),
            after=format_yuan(quote.balance_after_minor) if quote else "—",
            after_caption=t("Balance after top-up"),
            tender_title=t("How is it paid?"),
            tenders=self._tender_views() if self._tendering else (),
            notice=self.notice,
            pad=self._tender_pad() if self._tendering else self._amount_pad(),
        )

    def _plan_view(self, plan: FixedPlan) -> PlanView:
        return PlanView(
            plan_id=plan.promotion_id,
            pay=self.t("Pay {amount}", amount=_short(plan.pay_minor)),
            get=self.t("get {amount}", amount=_short(plan.pay_minor + plan.bonus_minor)),
            name=self.desk.texts.words(plan.name),
            chosen=self._plan is not None and self._plan.promotion_id == plan.promotion_id,
        )

    def _bonus_note(self) -> str:
        quote = self._quote
        if quote is None:
            return self.t("Choose a plan or type an amount")
        if quote.bonus_minor and quote.provisional:
            return self.t("Offline: the bonus can be spent once head office has confirmed it")
        return "" if quote.reasons else self.t("No bonus for this amount")

    def _reasons(self) -> tuple[ReasonRow, ...]:
        quote = self._quote
        if quote is None:
            return ()
        given = {reward.promotion_id: reward for reward in quote.rewards}
        texts, rows = self.desk.texts, list[ReasonRow]()
        for reason in sorted(quote.reasons, key=lambda reason: not reason.given):
            reward = given.get(reason.promotion_id)
            bonus = "+" + format_yuan(reward.bonus_minor) if reward and reward.bonus_minor else ""
            rows.append(ReasonRow(text=reason_text(reason, quote.rulebook, texts), amount=bonus, given=reason.given))
            beside = rewards_beside_bonus(reward, quote.rulebook, texts) if reward else ()
            rows.extend(ReasonRow(text=text, amount="", given=True) for text in beside)
        return tuple(rows)

    def _tender_views(self) -> tuple[TenderView, ...]:
        return tuple(
            TenderView(
                kind=kind.value,
                label=tender_name(kind, self.desk.texts),
                icon=tender_icon(kind),
                chosen=kind is self._tender,
            )
            for kind in TenderKind
        )

    def _amount_pad(self) -> KeypadView:
        t, amount = self.t, self._amount
        return KeypadView(
            caption=t("Amount to pay"),
            display=amount.shown,
            faint=amount.is_empty,
            below=in_words(amount.minor) if amount.minor else "",
            quick=tuple(QuickKey(key=f"minor:{minor}", label=_short(minor)) for minor in _QUICK_MINOR),
            confirm=t("Take payment"),
            confirm_amount=format_yuan(amount.minor) if amount.minor else "",
            confirm_enabled=self._quote is not None and self.refusal is None,
            tone=Tone.TOP_UP,
        )

    def _tender_pad(self) -> KeypadView:
        t, due = self.t, self._amount.minor
        cash = self._tender is TenderKind.CASH
        received = self._received.minor if not self._received.is_empty else due
        change = received - due
        short = t("Short by {amount}", amount=format_yuan(-change))
        return KeypadView(
            caption=t("Cash received") if cash else t("To be paid"),
            display=format_yuan(received) if self._received.is_empty else self._received.shown,
            faint=cash and self._received.is_empty,
            below=t("Due {amount}", amount=format_yuan(due)) if cash else in_words(due),
            aside="" if not cash else short if change < 0 else t("Change {amount}", amount=format_yuan(change)),
            quick=self._banknotes() if cash else (),
            confirm=self._confirm_word(),
            confirm_amount=format_yuan(due),
            confirm_enabled=self._tender is not None and not self.busy and (not cash or change >= 0),
            tone=Tone.TOP_UP,
        )

    def _confirm_word(self) -> str:
        if self.slow:
            return self.t("One moment…")
        return self.t("Choose how to pay") if self._tender is None else self.t("Money received")

    def _banknotes(self) -> tuple[QuickKey, ...]:
        """The exact amount, then what people hand over: the next whole hundred and five hundred."""
        due = self._amount.minor
        sums = {due} | {(due // note + 1) * note for note in _ROUND_MINOR}
        return tuple(QuickKey(key=f"minor:{minor}", label=_short(minor)) for minor in sorted(sums))

    def _press_amount(self, key: str) -> None:
        self._plan = None
        quick = key.removeprefix("minor:")
        self._amount = AmountEntry.of(int(quick)) if quick != key else self._amount.press(key)
        self._ask_quote()

    def _press_received(self, key: str) -> None:
        if self._tender is not TenderKind.CASH:
            return
        quick = key.removeprefix("minor:")
        self._received = AmountEntry.of(int(quick)) if quick != key else self._received.press(key)
        self.quiet()
        self.publish()

    def _ask_quote(self) -> None:
        self.quiet()
        self._quote = None
        member, amount = self._member, self._amount.minor
        if member is None or amount == 0:
            self.ask("quote", lambda: None, lambda _none: None)
        else:
            member_id, plan_id = member.member_id, self._plan_id
            self.ask("quote", lambda: self.desk.counter.quote_top_up(member_id, amount, plan_id), self._show_quote)
        self.publish()

    @property
    def _plan_id(self) -> PromotionId | None:
        return self._plan.promotion_id if self._plan is not None else None

    def _show_quote(self, answer: TopUpQuote | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._quote = answer
            self.publish()

    def _started(self, action: EventId) -> None:
        self._action = action

    def _show_plans(self, plans: tuple[FixedPlan, ...]) -> None:
        self._plans = plans
        self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._member = answer
            self.publish()

    def _confirm(self) -> None:
        if not self._tendering:
            self._tendering = self._quote is not None and self.refusal is None
            self.publish()
            return
        member, action, kind, due = self._member, self._action, self._tender, self._amount.minor
        if member is None or action is None or kind is None or not self._tender_pad().confirm_enabled:
            return
        tenders, plan_id, member_id = (Tender(kind=kind, amount_minor=due),), self._plan_id, member.member_id
        self.act(lambda: self.desk.counter.top_up(action, member_id, due, tenders, plan_id), self._done)

    def _done(self, completed: Completed) -> None:
        change = self._received.minor - self._amount.minor if not self._received.is_empty else 0
        name = self._member.name_masked if self._member else ""
        self.desk.navigator.go(Result(completed, name, change))


def _short(minor: int) -> str:
    return format_yuan(minor).removesuffix(".00")
