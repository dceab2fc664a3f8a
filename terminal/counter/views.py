"""What the counter answers: frozen values that presenters turn into words and formatted amounts. Owns shapes only: no rule, no reading, no text for people but names.

Every amount is an `int` of minor units; every time is aware UTC unless the field says `local`. Made by the use-cases of this package, read by presenters and tests.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from printers.document import Receipt
from printers.spool import Readiness
from stored_value.events import ShiftTotals
from stored_value.identity import EventId, MemberId, StaffId, StoreId, TerminalId
from stored_value.rulebook import Rulebook, Words
from stored_value.topup import Reason, Reward
from stored_value.wallet import Identity, WalletStatus
from terminal.devices.scanner_state import ScannerState
from terminal.journal.mirror import MirrorStatus
from terminal.stops import StopCode
from terminal.troubles import Trouble


class StaffRole(StrEnum):
    CASHIER = "cashier"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTile:
    staff_id: StaffId
    name: str
    role: StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    staff_id: StaffId
    name: str
    role: StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterState:
    """`fault` is a stable code of printers.errors ("paper_out", "printer_unreachable", …), empty when there is none. `queued` counts jobs not yet on paper."""

    name: str
    state: Readiness
    queued: int
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillStatus:
    """The status strip. `shift_opened_at` and `local_time` are HH:MM on the store's wall clock; `findings_open` counts own events that head office flagged for a person,
    `findings_settled` what it found and settled lately.
    `clock_off_s` is how far the till's clock is ahead of head office's, 0 while it is near enough; `pay_codes_blocked`: too far for codes that live seconds.
    `mirror` is None for a till without one. `shift_left_s` is how long the open shift still takes money, 0 when it must be closed first; None while that is far off."""

    store_id: StoreId
    store_name: str
    terminal_id: TerminalId
    staff_name: str | None
    staff_role: StaffRole | None
    shift_opened_at: str | None
    online: bool
    replica_as_of: datetime | None
    pending_entries: int
    printers: tuple[PrinterState, ...]
    scanner: ScannerState
    stopped_reason: str | None
    findings_open: int
    findings_settled: int
    local_time: str
    offline_member_limit_minor: int
    clock_off_s: int = 0
    pay_codes_blocked: bool = False
    trouble: Trouble | None = None
    stop_code: StopCode = StopCode.UNKNOWN
    mirror: MirrorStatus | None = None
    shift_left_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentEntry:
    """One of this till's own entries for a member, newest first. `amount_minor` is what the wallet gained (+) or lost (-), promised bonus included."""

    event_id: EventId
    kind: str
    receipt_no: str
    local_time: str
    amount_minor: int
    pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptApart:
    """Money of a member that leases, or holds, keep for so many `tills`: the oldest since `oldest_at` for `terminal_id` of the store, `age_s` old."""

    amount_minor: int
    tills: int
    terminal_id: TerminalId
    store_name: str
    oldest_at: datetime
    age_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member as this till may show him. `principal_minor` and `bonus_minor` exclude `provisional_bonus_minor` (promised offline, not yet spendable);
    `owed_minor` is what he owes, `points` those he can use today. `spendable_now_minor` respects status and, while `offline`, what leases and the risk allowance give:
    `offline_now_minor`, which is what could be paid if nobody could be asked. `leased_here_minor` is this till's own for certain. Kept by head office:
    `leased_elsewhere` and `held_elsewhere` for other tills, `held_here` for payments of this one that came to nothing; None: nothing.
    Apart from the balance: `waiting_minor` is what a cash-out that waits would pay, `deposits_minor` what he left as deposits.
    `pin_is_set`: he has a payment PIN.
    `as_of`: when head office's part was true, None when he is known only from here. `pending`: own events are not yet confirmed."""

    member_id: MemberId
    member_no: str
    name_masked: str
    phone_last4: str
    tier_name: Words
    status: WalletStatus
    principal_minor: int
    bonus_minor: int
    provisional_bonus_minor: int
    owed_minor: int
    spendable_now_minor: int
    offline: bool
    as_of: datetime | None
    pending: bool
    next_tier_name: Words | None = None
    next_tier_missing_minor: int = 0
    points: int = 0
    offline_now_minor: int = 0
    leased_here_minor: int = 0
    leased_elsewhere: KeptApart | None = None
    held_elsewhere: KeptApart | None = None
    held_here: KeptApart | None = None
    recent: tuple[RecentEntry, ...] = ()
    waiting_minor: int = 0
    deposits_minor: int = 0
    card_issue: int = 1
    identity: Identity = Identity.NAMED
    pin_is_set: bool = False

    @property
    def balance_minor(self) -> int:
        """Everything that is the member's, provisional bonus included, less what he owes."""
        return self.principal_minor + self.bonus_minor + self.provisional_bonus_minor - self.owed_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpQuote:
    """What a top-up would give, shown before the money is taken. `reasons` explains every promotion considered, given or not, in the words that
    `rulebook` (the one asked) has for tiers, coupons and passes. `provisional`: the bonus waits for head office."""

    amount_minor: int
    bonus_minor: int
    rewards: tuple[Reward, ...]
    reasons: tuple[Reason, ...]
    rulebook: Rulebook
    balance_after_minor: int
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionPreview:
    """`in_words`: the amount must be repeated in capitals 大写 before it is confirmed (rulebook limit `words_from_minor`)."""

    amount_minor: int
    principal_minor: int
    bonus_minor: int
    balance_after_minor: int
    offline: bool
    in_words: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """An action that is durable in the journal. The same action again gives an equal value but for `printing`.
    `bonus_minor`: bonus given (top-up), drawn (redemption) or put back (refund). `awaiting_minor`: of a refund, what head office had not taken of the member.
    `principal_after_minor`/`bonus_after_minor` are 0 without a member.
    `provisional`: draw, bonus and balances wait for head office (H10). `printing`: a print job was queued. `opens_drawer`: cash changed hands."""

    event_id: EventId
    kind: str
    seq: int
    receipt_no: str
    member_id: MemberId | None
    amount_minor: int
    principal_minor: int
    bonus_minor: int
    principal_after_minor: int
    bonus_after_minor: int
    provisional: bool
    receipt: Receipt
    printing: bool
    opens_drawer: bool
    points_after: int = 0
    awaiting_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLineView:
    """`units`: uses or minutes of a pass that covered the line, `units_left` those that can go back. `only_whole`: a sold pass, returned as a whole or not at all."""

    line_no: int
    name: str
    total_minor: int
    refunded_minor: int
    refundable_minor: int
    units: int = 0
    units_left: int = 0
    only_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseView:
    """A redemption, an order or a pass use (`is_order`) that can be refunded line by line at this till."""

    purchase_id: EventId
    receipt_no: str
    member_id: MemberId
    name_masked: str
    phone_last4: str
    business_date: date
    local_time: str
    lines: tuple[PurchaseLineView, ...]
    is_order: bool = False

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)

    @property
    def refundable_minor(self) -> int:
        return sum(line.refundable_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReport:
    """An X report (`seq` None: nothing recorded or counted) or the Z report of a closed shift. `expected_minor` is the
    cash that should be in the drawer: float and cash tenders. The count is blind: a cashier's X report holds counts but
    no amounts, and `expected_minor` is None."""

    opened_at: str
    business_date: date
    staff_name: str
    float_minor: int
    totals: ShiftTotals
    expected_minor: int | None
    counted_minor: int | None
    difference_minor: int | None
    receipt: Receipt
    seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """One of this till's entries, newest first. `amount_minor` as in `RecentEntry`, of an order what it came to; shift entries show the float or the count.
    `refundable`/`reversible`: worth offering; the action itself decides."""

    seq: int
    event_id: EventId
    kind: str
    receipt_no: str
    business_date: date
    local_time: str
    staff_name: str
    member_id: MemberId | None
    name_masked: str
    phone_last4: str
    amount_minor: int
    pending: bool
    flagged: bool
    refundable: bool
    reversible: bool
