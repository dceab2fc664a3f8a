"""What a member holds by quantity: passes to use at once, points to exchange, and the coupons that an order takes. All of it is online only, and says so."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from stored_value.identity import EventId
from stored_value.money import format_yuan
from stored_value.refusals import Refusal
from stored_value.wallet import HoldingKind
from terminal.counter.order_views import CouponView, MemberHoldings, PassView, RewardView
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView
from terminal.language import Texts
from terminal.screens.amounts import CLEAR, DigitEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import Holdings, Result
from terminal.screens.pin_asking import PAY_WITH_PIN, Payment, PinAsking
from terminal.screens.presenter import Desk
from terminal.screens.words import Notice

_UNITS_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingRow:
    """`key` is what `choose` gets; a row that is not `enabled` is only shown."""

    key: str
    name: str
    detail: str
    amount: str
    icon: str
    chosen: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingsView:
    """`uses`: what the chosen pass can be used for, where there is a choice."""

    title: str
    back: str
    header: MemberHeader
    rows: tuple[HoldingRow, ...]
    empty: str
    hint: str
    uses: tuple[QuickKey, ...]
    notice: Notice
    pad: KeypadView


class HoldingsPresenter(PinAsking[HoldingsView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._forget(None)

    def _forget(self, member: MemberView | None) -> None:
        self._member = member
        self._holdings: MemberHoldings | None = None
        self._chosen: PassView | RewardView | None = None
        self._units = DigitEntry(_UNITS_DIGITS)
        self._use_for = ""
        self._action: EventId | None = None

    def begin_anew(self) -> None:
        destination = self.destination
        if not isinstance(destination, Holdings):
            return
        self._forget(destination.member)
        member_id, counter = destination.member.member_id, self.desk.counter
        self.ask("action", counter.new_action, self._started)
        self.ask("holdings", lambda: counter.holdings(member_id), self._show)
        self.ask("member", lambda: counter.member(member_id), self._renew)

    def resume(self, proven: ProvenMember | None) -> None:
        if proven is None:
            self.publish()
        else:
            self._use(proven)

    def choose(self, key: str) -> None:
        held = self._holdings
        if held is None or self.busy or not any(row.key == key and row.enabled for row in self._rows(held)):
            return
        offered: tuple[PassView | RewardView, ...] = (*held.passes, *held.rewards)
        self._chosen = next((each for each in offered if _key(each) == key), None)
        self._units, self._use_for = DigitEntry(_UNITS_DIGITS), ""
        self.quiet()
        self.publish()

    def choose_use(self, key: str) -> None:
        self._use_for = key
        self.quiet()
        self.publish()

    def press(self, key: str) -> None:
        if self.busy:
            return
        if key == CONFIRM:
            self._use(None)
        elif key == PAY_WITH_PIN:
            self._ask_pin()
        elif isinstance(self._chosen, PassView):
            self._units = self._units.press(key)
            self.quiet()
            self.publish()

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> HoldingsView:
        t, member, held = self.t, self._member, self._holdings
        rows = () if held is None else self._rows(held)
        return HoldingsView(
            title=t("Passes, points"),
            back=t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            rows=rows,
            empty=t("No passes, no coupons, and nothing to exchange points for") if held and not rows else "",
            hint=t("Offline: only what is kept for this till can be used") if held and held.offline else "",
            uses=self._uses(),
            notice=self.notice,
            pad=self._pad(),
        )

    def _rows(self, held: MemberHoldings) -> tuple[HoldingRow, ...]:
        return (
            *(self._pass_row(each, held.offline) for each in held.passes),
            *(
                self._reward_row(each, held.points_leased_here if held.offline else held.points)
                for each in held.rewards
            ),
            *(self._coupon_row(each) for each in held.coupons),
        )

    def _pass_row(self, held: PassView, offline: bool) -> HoldingRow:
        return HoldingRow(
            key=_key(held),
            name=self.desk.texts.words(held.name),
            detail=self._until(held.expires_on),
            amount=units_text(held.kind, held.left, self.desk.texts),
            icon="ticket",
            chosen=self._chosen == held,
            enabled=held.usable and (not offline or held.leased_here > 0),
        )

    def _reward_row(self, reward: RewardView, points: int) -> HoldingRow:
        t, words = self.t, self.desk.texts.words
        parts = [words(gift) for gift in reward.gifts]
        if reward.worth_minor:
            parts.append(t("worth {amount}", amount=format_yuan(reward.worth_minor)))
        if reward.missing:
            parts = [t("{points} points are missing", points=reward.missing)]
        return HoldingRow(
            key=_key(reward),
            name=words(reward.name),
            detail=" · ".join(parts),
            amount=t("{points} points", points=reward.points),
            icon="gift",
            chosen=self._chosen == reward,
            enabled=not reward.missing and reward.points <= points,
        )

    def _coupon_row(self, held: CouponView) -> HoldingRow:
        until = self._until(held.expires_on)
        return HoldingRow(
            key=held.holding_id,
            name=self.desk.texts.words(held.name),
            detail=" · ".join(part for part in (until, self.t("taken in an order")) if part),
            amount="",
            icon="discount-2",
            chosen=False,
            enabled=False,
        )

    def _until(self, last_day: date | None) -> str:
        return "" if last_day is None else self.t("until {day}", day=last_day.isoformat())

    def _uses(self) -> tuple[QuickKey, ...]:
        chosen = self._chosen
        if not isinstance(chosen, PassView) or len(chosen.uses_for) < 2:
            return ()
        return tuple(QuickKey(key=use, label=use, chosen=use == self._use_for) for use in chosen.uses_for)

    def _pad(self) -> KeypadView:
        t, chosen, texts = self.t, self._chosen, self.desk.texts
        wait = t("One moment…") if self.slow else ""
        if isinstance(chosen, PassView):
            count = units_text(chosen.kind, self._count, texts, each=True)
            return KeypadView(
                caption=texts.words(chosen.name),
                display=count,
                faint=not self._units.digits,
                below=t("{left} left", left=units_text(chosen.kind, chosen.left, texts)),
                quick=(
                    QuickKey(key=CLEAR, label=t("Clear"), enabled=bool(self._units.digits)),
                    *self._pin_key(self._can_use(chosen)),
                ),
                confirm=wait or (t("What is it used for?") if self._use_is_open else t("Use")),
                confirm_amount="" if self._use_is_open else count,
                confirm_enabled=self._can_use(chosen),
                tone=Tone.REDEEM,
                point_key=False,
                large=False,
            )
        points = t("{points} points", points=chosen.points) if chosen is not None else ""
        return KeypadView(
            caption=texts.words(chosen.name) if chosen is not None else t("Choose what is used or exchanged"),
            display=points or "—",
            faint=chosen is None,
            quick=self._pin_key(self._action is not None) if chosen is not None else (),
            confirm=wait or (t("Exchange") if chosen is not None else t("Use")),
            confirm_amount=points,
            confirm_enabled=chosen is not None and self._action is not None and not self.busy,
            tone=Tone.REDEEM,
            point_key=False,
            large=False,
        )

    @property
    def _count(self) -> int:
        """One, unless typed otherwise."""
        return int(self._units.digits) if self._units.digits else 1

    @property
    def _use_is_open(self) -> bool:
        return bool(self._uses()) and not self._use_for

    def _can_use(self, held: PassView) -> bool:
        fits = held.kind is HoldingKind.PASS_UNTIL or self._count <= held.left
        return self._count > 0 and fits and not self._use_is_open and self._action is not None and not self.busy

    def _pin_key(self, enabled: bool) -> tuple[QuickKey, ...]:
        """A pass or points may be used by the PIN too; nothing here needs it."""
        if self._member is None or not self._member.pin_is_set:
            return ()
        return (QuickKey(key=PAY_WITH_PIN, label=self.t("With PIN"), enabled=enabled and not self.busy),)

    def _payment(self) -> Payment | None:
        member, action, chosen = self._member, self._action, self._chosen
        ready = member is not None and chosen is not None and self._pad().confirm_enabled
        return Payment(action=action, member=member) if member and action and ready else None

    def _ask_pin(self) -> None:
        payment = self._payment()
        if payment is not None and payment.member.pin_is_set:
            self.ask_pin(payment)

    def _use(self, proven: ProvenMember | None) -> None:
        payment, chosen, counter = self._payment(), self._chosen, self.desk.counter
        if payment is None:
            return
        action, member_id = payment.action, payment.member.member_id
        if isinstance(chosen, PassView):
            holding_id, units, use_for = chosen.holding_id, self._count, self._use_for
            self.pay(
                payment,
                lambda shown: counter.use_pass(action, member_id, holding_id, units, use_for, proven=shown),
                self._done,
                proven,
            )
        elif chosen is not None:
            reward_id = chosen.reward_id
            self.pay(
                payment,
                lambda shown: counter.exchange_points(action, member_id, reward_id, proven=shown),
                self._done,
                proven,
            )

    def _done(self, completed: Completed) -> None:
        self.desk.navigator.go(Result(completed, self._member.name_masked if self._member else ""))

    def _started(self, action: EventId) -> None:
        self._action = action
        self.publish()

    def _show(self, answer: MemberHoldings | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._holdings = answer
            self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._member = answer
            self.publish()


def _key(offered: PassView | RewardView) -> str:
    return f"pass/{offered.holding_id}" if isinstance(offered, PassView) else f"reward/{offered.reward_id}"


def units_text(kind: HoldingKind, count: int, texts: Texts, *, each: bool = False) -> str:
    """What a pass gives, or with `each` what is used of it: uses, minutes, or any number until its day."""
    if kind is HoldingKind.PASS_MINUTES:
        return texts.t("{count} min", count=count)
    if kind is HoldingKind.PASS_UNTIL and not each:
        return texts.t("any number")
    return texts.n("{count} use", "{count} uses", count)
