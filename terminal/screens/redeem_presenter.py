"""Paying from balance: an amount, or several items added up, previewed as it is typed and confirmed once. The limits are the counter's; this only shows them."""

from dataclasses import dataclass, replace

from stored_value.events import OrderLine
from stored_value.identity import EventId
from stored_value.money import format_yuan, in_words
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView, RedemptionPreview
from terminal.screens.amounts import CLEAR, AmountEntry
from terminal.screens.keypad_view import CONFIRM, KeypadView, QuickKey, Tone
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import Redeem, Result, TopUp
from terminal.screens.pin_asking import PAY_WITH_PIN, Payment, PinAsking, pin_helps
from terminal.screens.presenter import Desk
from terminal.screens.words import Notice

_ADD = "add"
_QUICK_MINOR = (5_000, 10_000)
_LINES_MAX = 20
_SMALLER_HELPS = (
    RefusalCode.BALANCE_TOO_LOW,
    RefusalCode.OFFLINE_LIMIT,
    RefusalCode.RESERVED_ELSEWHERE,
    RefusalCode.STATIC_CARD_LIMIT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    at: int
    name: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemView:
    title: str
    back: str
    header: MemberHeader
    items: tuple[ItemRow, ...]
    items_hint: str
    from_principal: str
    from_principal_caption: str
    from_bonus: str
    from_bonus_caption: str
    after: str
    after_caption: str
    by_pin: str
    notice: Notice
    pad: KeypadView


class RedeemPresenter(PinAsking[RedeemView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._member: MemberView | None = None
        self._by_card = False
        self._action: EventId | None = None
        self._items: tuple[int, ...] = ()
        self._typed = AmountEntry()
        self._preview: RedemptionPreview | None = None

    def begin_anew(self) -> None:
        destination = self.destination
        if not isinstance(destination, Redeem):
            return
        self._member, self._by_card = destination.member, destination.by_card
        self._action, self._items = None, ()
        self._typed, self._preview = AmountEntry(), None
        member_id = destination.member.member_id
        self.ask("action", self.desk.counter.new_action, self._started)
        self.ask("member", lambda: self.desk.counter.member(member_id), self._renew)

    def resume(self, proven: ProvenMember | None) -> None:
        if proven is None:
            self._amount_changed()
        else:
            self._charge(proven)

    @property
    def _total_minor(self) -> int:
        return sum(self._items) + self._typed.minor

    def press(self, key: str) -> None:
        if self.busy:
            return
        if key == CONFIRM:
            self._confirm()
            return
        if key == PAY_WITH_PIN:
            self._ask_pin()
            return
        if key == _ADD:
            self._add_item()
        elif key.startswith("minor:"):
            self._typed = AmountEntry.of(int(key.removeprefix("minor:")))
        else:
            self._typed = self._typed.press(key)
        self._amount_changed()

    def remove_item(self, at: int) -> None:
        self._items = self._items[:at] + self._items[at + 1 :]
        self._amount_changed()

    def take_spendable(self) -> None:
        """What the notice offers: the most that can be taken now."""
        most = self._most_minor()
        if most:
            self._items = ()
            self._typed = AmountEntry.of(most)
            self._amount_changed()

    def _most_minor(self) -> int:
        """What the refusal says is left, where it does: head office may know better than the member's row here."""
        if self._member is None:
            return 0
        left = self.refusal.data.get("left_minor") if self.refusal is not None else None
        most = self._member.spendable_now_minor
        return min(most, left) if isinstance(left, int) else most

    def top_up_instead(self) -> None:
        if self._member is not None:
            self.desk.navigator.go(TopUp(self._member))

    def recognise(self, member: MemberView) -> bool:
        """His card was scanned while the amount is being typed: nothing typed is lost. False when it is somebody else."""
        if self._member is None or self._member.member_id != member.member_id:
            return False
        self._member, self._by_card = member, True
        self._amount_changed()
        return True

    def notice_action(self) -> None:
        if self._most_minor() > 0:
            self.take_spendable()
        else:
            self.top_up_instead()

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> RedeemView:
        t, member, preview = self.t, self._member, self._preview
        return RedeemView(
            title=t("Redeem"),
            back=t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            items=tuple(
                ItemRow(at=at, name=self._item_name(at), amount=format_yuan(minor))
                for at, minor in enumerate(self._items)
            ),
            items_hint="" if self._total_minor else t("Type an amount, or add up items one by one"),
            from_principal=format_yuan(preview.principal_minor) if preview else "—",
            from_principal_caption=t("from principal"),
            from_bonus=format_yuan(preview.bonus_minor) if preview else "—",
            from_bonus_caption=t("from bonus"),
            after=format_yuan(preview.balance_after_minor) if preview else "—",
            after_caption=t("Balance afterwards"),
            by_pin=t("Pay with PIN") if self._can_ask_pin and not self._pin_helps else "",
            notice=self._notice(),
            pad=self._pad(),
        )

    def _notice(self) -> Notice:
        refusal, member = self.refusal, self._member
        if refusal is None or member is None or refusal.code not in _SMALLER_HELPS:
            return self.notice
        most = self._most_minor()
        if self._pin_helps:
            notice = replace(self.notice, tone=Tone.REFUND, icon="shield-lock")
            return replace(notice, action=self.t("Take {amount}", amount=format_yuan(most))) if most > 0 else notice
        if most > 0:
            amount = format_yuan(most)
            return replace(self.notice, action=self.t("Take {amount}", amount=amount))
        return replace(self.notice, action=self.t("Top up"))

    def _pad(self) -> KeypadView:
        t, total = self.t, self._total_minor
        adding = bool(self._items)
        by_pin = self._pin_helps
        blocked = self.refusal is not None and self._member is not None and self._member.offline and not by_pin
        return KeypadView(
            caption=t("Item {number}", number=len(self._items) + 1) if adding else t("Amount"),
            display=self._typed.shown,
            faint=self._typed.is_empty,
            below=in_words(total) if total else "",
            aside=t("Total {amount}", amount=format_yuan(total)) if adding else "",
            quick=(
                *(
                    QuickKey(key=f"minor:{minor}", label=format_yuan(minor).removesuffix(".00"))
                    for minor in _QUICK_MINOR
                ),
                QuickKey(key=_ADD, label=t("+ Item"), enabled=self._typed.minor > 0),
            ),
            confirm=t("One moment…") if self.slow else t("Pay with PIN") if by_pin else t("Charge"),
            confirm_amount=format_yuan(total) if total else "",
            confirm_enabled=total > 0 and self._action is not None and not self.busy and not blocked,
            tone=Tone.REDEEM,
        )

    def _item_name(self, at: int) -> str:
        return self.t("Item {number}", number=at + 1)

    def _add_item(self) -> None:
        if self._typed.minor > 0 and len(self._items) < _LINES_MAX:
            self._items = (*self._items, self._typed.minor)
            self._typed = AmountEntry().press(CLEAR)

    def _amount_changed(self) -> None:
        self.quiet()
        member, total = self._member, self._total_minor
        if member is None or total == 0:
            self._preview = None
            self.ask("preview", lambda: None, lambda _none: None)
        else:
            member_id = member.member_id
            self.ask("preview", lambda: self.desk.counter.preview_redemption(member_id, total), self._show_preview)
        self.publish()

    def _show_preview(self, answer: RedemptionPreview | Refusal) -> None:
        if isinstance(answer, Refusal):
            self._preview = None
            self.refuse(answer)
        else:
            self._preview = answer
            self.publish()

    def _started(self, action: EventId) -> None:
        self._action = action
        self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._member = answer
            self.publish()

    @property
    def _can_ask_pin(self) -> bool:
        return self._member is not None and self._member.pin_is_set and self._total_minor > 0

    @property
    def _pin_helps(self) -> bool:
        return pin_helps(self.refusal, self._member)

    def _payment(self) -> Payment | None:
        member, action, total = self._member, self._action, self._total_minor
        return Payment(action=action, member=member, amount_minor=total) if member and action and total else None

    def _ask_pin(self) -> None:
        payment = self._payment()
        if payment is not None and self._can_ask_pin:
            self.ask_pin(payment)

    def _confirm(self) -> None:
        if self._pin_helps:
            self._ask_pin()
        else:
            self._charge(None)

    def _charge(self, proven: ProvenMember | None) -> None:
        payment = self._payment()
        if payment is None:
            return
        amounts = (*self._items, self._typed.minor) if self._typed.minor else self._items
        lines = tuple(
            OrderLine(line_no=at + 1, name=self._item_name(at), total_minor=minor) for at, minor in enumerate(amounts)
        )
        counter, member_id, by_card = self.desk.counter, payment.member.member_id, self._by_card
        self.pay(
            payment,
            lambda shown: counter.redeem(payment.action, member_id, lines, by_card, proven=shown),
            self._done,
            proven,
        )

    def _done(self, completed: Completed) -> None:
        name = self._member.name_masked if self._member else ""
        self.desk.navigator.go(Result(completed, name))
