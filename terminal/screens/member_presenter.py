"""The member at the counter, all round: balances by kind with their age, tier and the way to the next, last entries, and what to do now."""

from dataclasses import dataclass

from stored_value.money import format_yuan
from stored_value.refusals import Refusal
from stored_value.wallet import WalletStatus
from terminal.counter.views import MemberView, RecentEntry
from terminal.screens.clock_words import hours_and_minutes
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.navigation import (
    CardCare,
    CashOut,
    Deposits,
    Destination,
    Holdings,
    MemberCard,
    Order,
    Redeem,
    SetPin,
    TopUp,
)
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice, kind_name


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """`gain`: the wallet grew. `pending`: head office has not confirmed it; a word says so too."""

    title: str
    detail: str
    amount: str
    gain: bool
    pending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """What else can be done with the member; `key` is what `open` gets."""

    key: str
    label: str
    icon: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberScreenView:
    title: str
    back: str
    header: MemberHeader
    member_no: str
    status: str
    next_tier: str
    recent_title: str
    recent: tuple[EntryRow, ...]
    recent_empty: str
    redeem: str
    redeem_hint: str
    redeem_enabled: bool
    top_up: str
    top_up_hint: str
    top_up_enabled: bool
    actions: tuple[ActionView, ...]
    notice: Notice


class MemberPresenter(CounterPresenter[MemberScreenView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._member: MemberView | None = None
        self._by_card = False

    def begin(self) -> None:
        destination = self.destination
        if isinstance(destination, MemberCard):
            self._member, self._by_card = destination.member, destination.by_card
            member_id = destination.member.member_id
            self.ask("member", lambda: self.desk.counter.member(member_id), self._renew)

    def redeem(self) -> None:
        if self._member is not None:
            self.desk.navigator.go(Redeem(self._member, self._by_card))

    def top_up(self) -> None:
        if self._member is not None:
            self.desk.navigator.go(TopUp(self._member))

    def open(self, key: str) -> None:
        if self._member is None:
            return
        destinations: dict[str, Destination] = {
            "order": Order(self._member, self._by_card),
            "holdings": Holdings(self._member, self._by_card),
            "cash_out": CashOut(self._member),
            "deposits": Deposits(self._member),
            "card": CardCare(self._member),
            "pin": SetPin(self._member, self._by_card),
        }
        self.desk.navigator.go(destinations[key])

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> MemberScreenView:
        t, member = self.t, self._member
        active = member is not None and member.status is WalletStatus.ACTIVE
        spendable = member.spendable_now_minor if member is not None else 0
        by_pin = member is not None and member.pin_is_set and member.balance_minor > 0
        return MemberScreenView(
            title=t("Member"),
            back=t("Back"),
            header=NOBODY if member is None else member_header(member, self.desk),
            member_no="" if member is None else t("No. {number}", number=member.member_no),
            status=t("Active") if active else "",
            next_tier=self._next_tier(),
            recent_title=t("Last entries at this till"),
            recent=() if member is None else tuple(self._row(entry) for entry in member.recent),
            recent_empty="" if member is not None and member.recent else t("Nothing here yet"),
            redeem=t("Redeem"),
            redeem_hint=t("with the payment PIN")
            if by_pin and not spendable
            else t("up to {amount} now", amount=format_yuan(spendable)),
            redeem_enabled=active and (spendable > 0 or by_pin),
            top_up=t("Top up"),
            top_up_hint=t("with bonus preview"),
            top_up_enabled=active,
            actions=(
                ActionView(key="order", label=t("Order"), icon="basket", enabled=member is not None),
                ActionView(key="holdings", label=t("Passes, points"), icon="ticket", enabled=member is not None),
                ActionView(key="cash_out", label=t("Pay out"), icon="cash", enabled=member is not None),
                ActionView(key="deposits", label=t("Deposits"), icon="box", enabled=member is not None),
                ActionView(key="card", label=t("Loss, new card"), icon="credit-card", enabled=member is not None),
                ActionView(
                    key="pin",
                    label=t("Change PIN") if member is not None and member.pin_is_set else t("Set PIN"),
                    icon="shield-lock",
                    enabled=active,
                ),
            ),
            notice=self.notice,
        )

    def _next_tier(self) -> str:
        member = self._member
        if member is None or member.next_tier_name is None:
            return ""
        return self.t(
            "{amount} more to {tier}",
            amount=format_yuan(member.next_tier_missing_minor),
            tier=self.desk.texts.words(member.next_tier_name),
        )

    def _row(self, entry: RecentEntry) -> EntryRow:
        return EntryRow(
            title=kind_name(entry.kind, self.desk.texts),
            detail=f"{hours_and_minutes(entry.local_time)} · {entry.receipt_no}",
            amount=("+" if entry.amount_minor > 0 else "") + format_yuan(entry.amount_minor),
            gain=entry.amount_minor > 0,
            pending=self.t("to be sent") if entry.pending else "",
        )

    def _renew(self, answer: MemberView | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._member = answer
            self.publish()
