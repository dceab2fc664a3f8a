"""The counter's face: everything a cashier can do, one method an action. Owns no rule; it signs actions with ids and hands them to the use-cases beside it.

Called by screens (from the runner's worker thread), by the demo and by tests. Thread-safe: one action at a time.
"""

from stored_value.events import OrderLine, RefundLine, Tender
from stored_value.identity import EventId, MemberId, PromotionId, StaffId
from stored_value.refusals import Refusal
from stored_value.rulebook import FixedPlan
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


class Counter:
    def status(self) -> TillStatus:
        raise NotImplementedError

    def staff(self) -> tuple[StaffTile, ...]:
        raise NotImplementedError

    def sign_in(self, staff_id: StaffId, pin: str) -> SignedIn | Refusal:
        """PIN_WRONG carries `attempts_left_free` and, from the first delay on, `delay_s`; PIN_DELAYED carries `delay_s`."""
        raise NotImplementedError

    def sign_out(self) -> None:
        raise NotImplementedError

    def open_shift(self, float_minor: int) -> Completed | Refusal:
        raise NotImplementedError

    def x_report(self) -> ShiftReport | Refusal:
        raise NotImplementedError

    def close_shift(self, counted_minor: int) -> ShiftReport | Refusal:
        raise NotImplementedError

    def new_action(self) -> EventId:
        """The id of what the cashier is about to do, made when he starts: the same id again gives the same `Completed` (double tap)."""
        raise NotImplementedError

    def identify(self, scanned: str) -> MemberView | PurchaseView | Refusal:
        """A scanned card, receipt or member number."""
        raise NotImplementedError

    def find_member(self, text: str) -> tuple[MemberView, ...] | Refusal:
        """By phone, its last four digits, or member number; empty when nobody matches."""
        raise NotImplementedError

    def member(self, member_id: MemberId) -> MemberView | Refusal:
        raise NotImplementedError

    def enrol_member(self, action: EventId, name: str, phone: str) -> Completed | Refusal:
        raise NotImplementedError

    def plans(self) -> tuple[FixedPlan, ...]:
        raise NotImplementedError

    def quote_top_up(self, member_id: MemberId, amount_minor: int, plan_id: PromotionId | None) -> TopUpQuote | Refusal:
        raise NotImplementedError

    def top_up(
        self,
        action: EventId,
        member_id: MemberId,
        amount_minor: int,
        tenders: tuple[Tender, ...],
        plan_id: PromotionId | None,
    ) -> Completed | Refusal:
        raise NotImplementedError

    def preview_redemption(self, member_id: MemberId, amount_minor: int) -> RedemptionPreview | Refusal:
        raise NotImplementedError

    def redeem(
        self, action: EventId, member_id: MemberId, lines: tuple[OrderLine, ...], static_card: bool
    ) -> Completed | Refusal:
        raise NotImplementedError

    def purchase(self, receipt_no: str) -> PurchaseView | Refusal:
        raise NotImplementedError

    def refund(
        self, action: EventId, purchase_id: EventId, lines: tuple[RefundLine, ...], reason: str
    ) -> Completed | Refusal:
        raise NotImplementedError

    def reverse_top_up(self, action: EventId, top_up_id: EventId) -> Completed | Refusal:
        raise NotImplementedError

    def receipts(self, limit: int = 50) -> tuple[ReceiptRow, ...]:
        raise NotImplementedError

    def reprint(self, seq: int) -> Completed | Refusal:
        """Prints again, marked; the drawer stays shut."""
        raise NotImplementedError
