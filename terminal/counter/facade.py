"""The counter's face: everything a cashier can do, one method an action. Owns no rule; it signs actions with ids and hands them to the use-cases beside it.

Called by screens (from the runner's worker thread), by the demo and by tests. Thread-safe: one action at a time.
"""

import threading
from collections.abc import Callable

from stored_value.cart import Cart
from stored_value.events import OrderLine, RefundLine, Tender
from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId, LotId, MemberId, PromotionId, StaffId
from stored_value.refusals import Refusal
from stored_value.rulebook import FixedPlan
from stored_value.wallet import Identity, WalletStatus
from sync.pins import FULL_COST, PinCost
from terminal.clock import Clock, new_id
from terminal.counter import (
    cards,
    cash_out,
    deposits,
    findings_list,
    holdings,
    members,
    order,
    order_refund,
    pass_use,
    points,
    receipts_list,
    redemption,
    refund,
    shifts,
    taking_back,
    till_status,
    top_up,
)
from terminal.counter.disk_refusals import refused_by_disk
from terminal.counter.link import Equipment, Link, TillKeys
from terminal.counter.order_views import MemberHoldings, OrderPayment, OrderQuote, OrderRefundQuote, Shelf
from terminal.counter.payment_pin import PaymentPins, ProvenMember
from terminal.counter.pin_tries import PinTries
from terminal.counter.signing_in import SigningIn
from terminal.counter.views import (
    Completed,
    MemberView,
    PurchaseView,
    ReceiptRow,
    RedemptionPreview,
    ShiftReport,
    SignedIn,
    StaffTile,
    TillStatus,
    TopUpQuote,
)
from terminal.counter.views_findings import FoundThing
from terminal.counter.views_money_out import CashOutQuote, DepositView, TakingBack, WaitingCashOut
from terminal.counter.workplace import Workplace
from terminal.journal import Journal
from terminal.language import Language
from terminal.replica import Replica


class Counter:
    """Whatever may refuse also refuses with DISK_FULL and DISK_FAULT. `language` is asked at every receipt, so that a switch takes effect at once."""

    def __init__(
        self,
        journal: Journal,
        replica: Replica,
        clock: Clock,
        *,
        keys: TillKeys,
        link: Link,
        equipment: Equipment,
        language: Callable[[], Language],
        pin_cost: PinCost = FULL_COST,
    ) -> None:
        self._place = Workplace(journal, replica, clock, keys=keys, link=link, equipment=equipment, language=language)
        tries = PinTries(self._place)
        self._signing_in = SigningIn(self._place, tries)
        self._payment_pins = PaymentPins(self._place, tries, pin_cost)
        self._acting = threading.Lock()

    def status(self) -> TillStatus:
        return till_status.status(self._place)

    def staff(self) -> tuple[StaffTile, ...]:
        return self._signing_in.staff()

    @refused_by_disk
    def sign_in(self, staff_id: StaffId, pin: str) -> SignedIn | Refusal:
        """PIN_WRONG carries `attempts_left_free` and, once there is one, the delay before the next try as `delay_s`;
        PIN_DELAYED carries `delay_s`."""
        with self._acting:
            return self._signing_in.sign_in(staff_id, pin)

    def sign_out(self) -> None:
        self._signing_in.sign_out()

    @refused_by_disk
    def open_shift(self, float_minor: int) -> Completed | Refusal:
        with self._acting:
            return shifts.open_shift(self._place, float_minor)

    @refused_by_disk
    def x_report(self) -> ShiftReport | Refusal:
        """A look at the open shift, without recording or printing."""
        return shifts.x_report(self._place)

    @refused_by_disk
    def print_x_report(self) -> ShiftReport | Refusal:
        with self._acting:
            return shifts.print_x_report(self._place)

    @refused_by_disk
    def close_shift(self, counted_minor: int) -> ShiftReport | Refusal:
        with self._acting:
            return shifts.close_shift(self._place, counted_minor)

    def new_action(self) -> EventId:
        """The id of what the cashier is about to do, made when he starts: the same id again gives the same `Completed`
        (a double tap), with other content ACTION_REUSED."""
        return EventId(new_id(self._place.clock))

    @refused_by_disk
    def identify(self, scanned: str) -> MemberView | PurchaseView | Refusal:
        """A scanned card, receipt or member number. A receipt of this till that is no purchase leads to its member."""
        return members.identify(self._place, scanned)

    @refused_by_disk
    def find_member(self, text: str) -> tuple[MemberView, ...] | Refusal:
        """By phone or member number; empty when nobody has the phone."""
        return members.find_member(self._place, text)

    @refused_by_disk
    def member(self, member_id: MemberId) -> MemberView | Refusal:
        return members.member(self._place, member_id)

    @refused_by_disk
    def enrol_member(
        self, action: EventId, name: str, phone: str, *, birthday_month: int | None = None
    ) -> Completed | Refusal:
        """`birthday_month` 1-12, where the member tells it: promotions of the month ask for no more (H14)."""
        with self._acting:
            return members.enrol_member(self._place, action, name, phone, birthday_month)

    def plans(self) -> tuple[FixedPlan, ...]:
        return top_up.plans(self._place)

    @refused_by_disk
    def quote_top_up(self, member_id: MemberId, amount_minor: int, plan_id: PromotionId | None) -> TopUpQuote | Refusal:
        return top_up.quote_top_up(self._place, member_id, amount_minor, plan_id)

    @refused_by_disk
    def top_up(
        self,
        action: EventId,
        member_id: MemberId,
        amount_minor: int,
        tenders: tuple[Tender, ...],
        plan_id: PromotionId | None,
    ) -> Completed | Refusal:
        with self._acting:
            return top_up.top_up(self._place, action, member_id, amount_minor, tenders, plan_id)

    @refused_by_disk
    def prove(self, action: EventId, member_id: MemberId, pin: str) -> ProvenMember | Refusal:
        """The member typed the payment PIN for `action`: hand the answer to what is done next under that id, within minutes. Offline too.
        PAYMENT_PIN_WRONG and PAYMENT_PIN_DELAYED carry what `sign_in`'s refusals do."""
        with self._acting:
            return self._payment_pins.prove(action, member_id, pin)

    @refused_by_disk
    def refuse_setting_pin(self, member_id: MemberId, *, static_card: bool) -> Refusal | None:
        """Whether setting one would be refused whatever the member types; None also where he changes his own."""
        return self._payment_pins.refuse_setting(member_id, static_card=static_card)

    @refused_by_disk
    def set_pin(
        self,
        action: EventId,
        member_id: MemberId,
        pin: str,
        *,
        static_card: bool = False,
        proven: ProvenMember | None = None,
    ) -> Completed | Refusal:
        """Online only. A first PIN needs the printed code (`static_card`), a change the one before (`proven` for the same action)."""
        with self._acting:
            return self._payment_pins.set_pin(action, member_id, pin, static_card=static_card, proven=proven)

    @refused_by_disk
    def preview_redemption(
        self, member_id: MemberId, amount_minor: int, *, proven: ProvenMember | None = None
    ) -> RedemptionPreview | Refusal:
        """STATIC_CARD_LIMIT says by `pin` (`set` or `none`) whether the payment PIN would let it pass."""
        return redemption.preview_redemption(self._place, member_id, amount_minor, proven=proven)

    @refused_by_disk
    def redeem(
        self,
        action: EventId,
        member_id: MemberId,
        lines: tuple[OrderLine, ...],
        static_card: bool,
        *,
        proven: ProvenMember | None = None,
    ) -> Completed | Refusal:
        """`static_card`: the member's printed code was scanned; offline nothing else will do but the payment PIN."""
        with self._acting:
            return redemption.redeem(self._place, action, member_id, lines, static_card=static_card, proven=proven)

    def shelf(self) -> Shelf:
        return order.shelf(self._place)

    @refused_by_disk
    def price_order(
        self,
        member_id: MemberId,
        cart: Cart,
        tenders: tuple[Tender, ...] = (),
        *,
        proven: ProvenMember | None = None,
    ) -> OrderQuote | Refusal:
        return order.price_order(self._place, member_id, cart, tenders, proven=proven)

    @refused_by_disk
    def pay_order(
        self, action: EventId, member_id: MemberId, payment: OrderPayment, *, proven: ProvenMember | None = None
    ) -> Completed | Refusal:
        with self._acting:
            return order.pay_order(self._place, action, member_id, payment, proven=proven)

    @refused_by_disk
    def holdings(self, member_id: MemberId) -> MemberHoldings | Refusal:
        return holdings.holdings(self._place, member_id)

    @refused_by_disk
    def use_pass(
        self,
        action: EventId,
        member_id: MemberId,
        holding_id: LotId,
        units: int,
        use_for: str = "",
        *,
        proven: ProvenMember | None = None,
    ) -> Completed | Refusal:
        with self._acting:
            return pass_use.use_pass(self._place, action, member_id, holding_id, units, use_for, proven=proven)

    @refused_by_disk
    def exchange_points(
        self, action: EventId, member_id: MemberId, reward_id: str, *, proven: ProvenMember | None = None
    ) -> Completed | Refusal:
        with self._acting:
            return points.exchange_points(self._place, action, member_id, reward_id, proven=proven)

    @refused_by_disk
    def purchase(self, receipt_no: str) -> PurchaseView | Refusal:
        return refund.purchase_by_receipt(self._place, receipt_no)

    @refused_by_disk
    def refund(
        self, action: EventId, purchase_id: EventId, lines: tuple[RefundLine, ...], reason: str
    ) -> Completed | Refusal:
        with self._acting:
            return refund.refund(self._place, action, purchase_id, lines, reason)

    @refused_by_disk
    def quote_order_refund(
        self, purchase_id: EventId, lines: tuple[OrderRefundLine, ...]
    ) -> OrderRefundQuote | Refusal:
        return order_refund.quote_order_refund(self._place, purchase_id, lines)

    @refused_by_disk
    def refund_order(
        self, action: EventId, purchase_id: EventId, lines: tuple[OrderRefundLine, ...], reason: str
    ) -> Completed | Refusal:
        """For a purchase that is an order; a redemption goes back by `refund`."""
        with self._acting:
            return order_refund.refund_order(self._place, action, purchase_id, lines, reason)

    @refused_by_disk
    def last_entry(self) -> TakingBack | Refusal | None:
        """What taking back this till's last entry would do; None when the shift has none."""
        return taking_back.last_entry(self._place)

    @refused_by_disk
    def look_back(self, event_id: EventId) -> TakingBack | Refusal:
        return taking_back.look_back(self._place, event_id)

    @refused_by_disk
    def take_back(self, action: EventId, event_id: EventId) -> Completed | Refusal:
        with self._acting:
            return taking_back.take_back(self._place, action, event_id)

    @refused_by_disk
    def quote_cash_out(
        self, member_id: MemberId, *, top_up_ids: tuple[EventId, ...] = (), merchant_caused: bool = False
    ) -> CashOutQuote | Refusal:
        """The reckoning line by line; asks head office, so it may take a second."""
        return cash_out.quote_cash_out(self._place, member_id, top_up_ids=top_up_ids, merchant_caused=merchant_caused)

    @refused_by_disk
    def request_cash_out(self, action: EventId, quote: CashOutQuote, reason: str = "") -> Completed | Refusal:
        with self._acting:
            return cash_out.request_cash_out(self._place, action, quote, reason)

    @refused_by_disk
    def waiting_cash_out(self, member_id: MemberId) -> WaitingCashOut | Refusal | None:
        return cash_out.waiting_cash_out(self._place, member_id)

    @refused_by_disk
    def pay_cash_out(
        self, action: EventId, member_id: MemberId, request_id: EventId, tenders: tuple[Tender, ...]
    ) -> Completed | Refusal:
        with self._acting:
            return cash_out.pay_cash_out(self._place, action, member_id, request_id, tenders)

    @refused_by_disk
    def reject_cash_out(
        self, action: EventId, member_id: MemberId, request_id: EventId, reason: str = ""
    ) -> Completed | Refusal:
        with self._acting:
            return cash_out.reject_cash_out(self._place, action, member_id, request_id, reason)

    @refused_by_disk
    def deposits(self, member_id: MemberId) -> tuple[DepositView, ...] | Refusal:
        return deposits.deposits(self._place, member_id)

    @refused_by_disk
    def take_deposit(
        self, action: EventId, member_id: MemberId, tenders: tuple[Tender, ...], item: str
    ) -> Completed | Refusal:
        with self._acting:
            return deposits.take_deposit(self._place, action, member_id, tenders, item)

    @refused_by_disk
    def return_deposit(self, action: EventId, deposit_id: EventId, tenders: tuple[Tender, ...]) -> Completed | Refusal:
        with self._acting:
            return deposits.return_deposit(self._place, action, deposit_id, tenders)

    @refused_by_disk
    def keep_deposit(self, action: EventId, deposit_id: EventId, amount_minor: int, reason: str) -> Completed | Refusal:
        with self._acting:
            return deposits.keep_deposit(self._place, action, deposit_id, amount_minor, reason)

    @refused_by_disk
    def change_status(
        self, action: EventId, member_id: MemberId, status: WalletStatus, reason: str = ""
    ) -> Completed | Refusal:
        with self._acting:
            return cards.change_status(self._place, action, member_id, status, reason)

    @refused_by_disk
    def replace_card(self, action: EventId, member_id: MemberId) -> Completed | Refusal:
        with self._acting:
            return cards.replace_card(self._place, action, member_id)

    @refused_by_disk
    def record_identity(self, action: EventId, member_id: MemberId, identity: Identity) -> Completed | Refusal:
        with self._acting:
            return cards.record_identity(self._place, action, member_id, identity)

    def findings(self, limit: int = 50) -> tuple[FoundThing, ...]:
        """What head office found in this till's own entries and somebody should know, newest first."""
        return findings_list.findings(self._place, limit)

    def receipts(self, limit: int = 50) -> tuple[ReceiptRow, ...]:
        return receipts_list.receipts(self._place, limit)

    @refused_by_disk
    def reprint(self, seq: int) -> Completed | Refusal:
        """Prints again, marked; the drawer stays shut."""
        with self._acting:
            return receipts_list.reprint(self._place, seq)
