"""Home: what the till can do right now, each tile with a word on it. A scan here finds the member and offers the next step."""

from dataclasses import dataclass

from stored_value.money import format_yuan
from stored_value.rulebook import FixedPlan
from terminal.counter.views import TillStatus
from terminal.screens.appearance import Appearance
from terminal.screens.navigation import (
    CloseShift,
    Destination,
    EnrolMember,
    Findings,
    Identify,
    Lock,
    Purpose,
    Receipts,
    Refund,
)
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice
from terminal.theme import ThemeName


@dataclass(frozen=True, slots=True, kw_only=True)
class TileView:
    """`key` is what `open` gets."""

    key: str
    label: str
    hint: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    redeem: TileView
    top_up: TileView
    tiles: tuple[TileView, ...]
    scan_hint: str
    findings: str
    findings_icon: str
    language: str
    theme: str
    theme_icon: str
    lock: str
    notice: Notice


class HomePresenter(CounterPresenter[HomeView]):
    def __init__(self, desk: Desk, appearance: Appearance) -> None:
        super().__init__(desk)
        self._appearance = appearance
        self._status: TillStatus | None = None
        self._plans: tuple[FixedPlan, ...] = ()

    def begin(self) -> None:
        self.ask("status", self.desk.counter.status, self._show_status)
        self.ask("plans", self.desk.counter.plans, self._show_plans)

    def open(self, key: str) -> None:
        destinations: dict[str, Destination] = {
            "redeem": Identify(Purpose.REDEEM),
            "top_up": Identify(Purpose.TOP_UP),
            "order": Identify(Purpose.ORDER),
            "member": Identify(Purpose.MEMBER),
            "enrol": EnrolMember(),
            "refund": Refund(),
            "close": CloseShift(),
            "receipts": Receipts(),
            "findings": Findings(),
        }
        self.desk.navigator.go(destinations[key])

    def lock(self) -> None:
        self.ask("lock", self.desk.counter.sign_out, lambda _none: self.desk.navigator.go(Lock()))

    def next_language(self) -> None:
        self._appearance.next_language()

    def next_theme(self) -> None:
        self._appearance.next_theme()

    def build(self) -> HomeView:
        t = self.t
        dark = self._appearance.theme is ThemeName.DARK
        return HomeView(
            redeem=TileView(key="redeem", label=t("Redeem"), hint=self._redeem_hint(), icon="scan"),
            top_up=TileView(key="top_up", label=t("Top up"), hint=self._top_up_hint(), icon="wallet"),
            tiles=(
                TileView(key="order", label=t("Order"), hint=t("Items, coupons"), icon="basket"),
                TileView(key="member", label=t("Member"), hint=t("Balance, entries"), icon="user-search"),
                TileView(key="enrol", label=t("New member"), hint=t("Name and phone"), icon="user-plus"),
                TileView(key="refund", label=t("Refund"), hint=t("By receipt"), icon="arrow-back-up"),
                TileView(key="close", label=t("Close shift"), hint=self._shift_hint(), icon="cash-register"),
                TileView(key="receipts", label=t("Receipts"), hint=t("Find, reprint"), icon="receipt"),
            ),
            scan_hint=t("Scan a member's code or a receipt at any time"),
            findings=self._findings(),
            findings_icon=self._findings_icon(),
            language=self._appearance.other_language,
            theme=t("Light") if dark else t("Dark"),
            theme_icon="sun" if dark else "moon",
            lock=t("Lock"),
            notice=self.notice,
        )

    def _findings(self) -> str:
        """Empty while head office has nothing to say."""
        status = self._status
        if status is not None and status.findings_open:
            return self.t("{count} to look at", count=status.findings_open)
        if status is not None and status.findings_settled:
            return self.t("{count} settled", count=status.findings_settled)
        return ""

    def _findings_icon(self) -> str:
        if not self._findings():
            return ""
        return "flag" if self._status is not None and self._status.findings_open else "circle-check"

    def _redeem_hint(self) -> str:
        status = self._status
        if status is not None and not status.online and status.offline_member_limit_minor:
            limit = format_yuan(status.offline_member_limit_minor)
            return self.t("Offline: up to {amount} a member", amount=limit)
        return self.t("Scan the code or type the phone")

    def _top_up_hint(self) -> str:
        if self._plans:
            return " · ".join(self.desk.texts.words(plan.name) for plan in self._plans[:2])
        return self.t("Any amount")

    def _shift_hint(self) -> str:
        if self._status is None or self._status.shift_opened_at is None:
            return ""
        return self.t("Open since {time}", time=self._status.shift_opened_at)

    def _show_status(self, status: TillStatus) -> None:
        self._status = status
        self.publish()

    def _show_plans(self, plans: tuple[FixedPlan, ...]) -> None:
        self._plans = plans
        self.publish()
