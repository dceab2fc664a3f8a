"""What came of it, at a glance: success, amount, balance after, what prints. Goes home by itself after three seconds, or at a touch, or with the next scan."""

from dataclasses import dataclass
from typing import Final

from stored_value.money import format_yuan
from terminal.counter.views import Completed
from terminal.screens.navigation import Result
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import kind_name

RETURN_AFTER_S: Final = 3.0
_WITHOUT_AMOUNT: Final = (
    "member_enrolled",
    "status_changed",
    "card_replaced",
    "identity_recorded",
    "pin_set",
    "pass_used",
    "points_redeemed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """`receipt` is a PNG picture, empty until it is drawn; `note` is what must still be said (change due, not yet confirmed)."""

    title: str
    amount: str
    subtitle: str
    balance_caption: str
    balance: str
    detail: str
    note: str
    prints: str
    prints_icon: str
    hint: str
    receipt: bytes


class ResultPresenter(CounterPresenter[ResultView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._result: Result | None = None
        self._receipt = b""
        self._cancel_return = lambda: None

    def begin(self) -> None:
        destination = self.destination
        if not isinstance(destination, Result):
            return
        self._result, self._receipt = destination, b""
        document = destination.completed.receipt
        self.ask("receipt", lambda: self.desk.preview(document), self._show_receipt)
        self._cancel_return()
        if not destination.change_minor:
            self._cancel_return = self.desk.timer(RETURN_AFTER_S, self.dismiss)

    def leave(self) -> None:
        self._cancel_return()
        self._receipt = b""
        super().leave()

    def dismiss(self) -> None:
        self.desk.navigator.home()

    def build(self) -> ResultView:
        result = self._result
        if result is None:
            return _EMPTY
        t, done = self.t, result.completed
        with_member = done.member_id is not None
        after = done.principal_after_minor + done.bonus_after_minor
        return ResultView(
            title=self._title(done),
            amount="" if done.kind in _WITHOUT_AMOUNT else format_yuan(done.amount_minor),
            subtitle=" · ".join(part for part in (result.name_masked, done.receipt_no) if part),
            balance_caption=t("Balance now") if with_member else "",
            balance=format_yuan(after) if with_member else "",
            detail=self._detail(done),
            note=self._note(result),
            prints=t("The receipt is being printed") if done.printing else t("The receipt is not being printed"),
            prints_icon="printer" if done.printing else "printer-off",
            hint=t("Touch to go on") if result.change_minor else t("Goes on by itself, or touch"),
            receipt=self._receipt,
        )

    def _title(self, done: Completed) -> str:
        t = self.t
        titles = {
            "redeemed": t("Charged"),
            "topped_up": t("Topped up"),
            "purchase_refunded": t("Refunded"),
            "top_up_reversed": t("Top-up undone"),
            "member_enrolled": t("Member enrolled"),
            "order_paid": t("Order paid"),
            "points_redeemed": t("Points exchanged"),
        }
        return titles.get(done.kind) or kind_name(done.kind, self.desk.texts)

    def _detail(self, done: Completed) -> str:
        t = self.t
        principal, bonus = format_yuan(done.principal_minor), format_yuan(done.bonus_minor)
        match done.kind:
            case "topped_up" if done.bonus_minor:
                return t("with {bonus} bonus", bonus=bonus)
            case "order_paid" if not done.principal_minor + done.bonus_minor:
                return ""
            case "redeemed" | "order_paid":
                return t("principal {principal} · bonus {bonus}", principal=principal, bonus=bonus)
            case "purchase_refunded" if done.awaiting_minor:
                balance, awaiting = (
                    format_yuan(done.principal_minor + done.bonus_minor),
                    format_yuan(done.awaiting_minor),
                )
                return t("to balance {balance} · awaiting head office {awaiting}", balance=balance, awaiting=awaiting)
            case "order_refunded" if not done.principal_minor + done.bonus_minor:
                return ""
            case "purchase_refunded" | "order_refunded":
                return t("back to principal {principal} · bonus {bonus}", principal=principal, bonus=bonus)
            case "points_redeemed":
                return t("{points} points left", points=done.points_after)
            case _:
                return ""

    def _note(self, result: Result) -> str:
        if result.change_minor:
            return self.t("Change {amount}", amount=format_yuan(result.change_minor))
        if result.completed.provisional:
            return self.t("Recorded offline; head office will confirm it")
        return self.t("The drawer is open") if result.completed.opens_drawer else ""

    def _show_receipt(self, picture: bytes) -> None:
        self._receipt = picture
        self.publish()


_EMPTY: Final = ResultView(
    title="",
    amount="",
    subtitle="",
    balance_caption="",
    balance="",
    detail="",
    note="",
    prints="",
    prints_icon="printer",
    hint="",
    receipt=b"",
)
