"""What the counter answers about money that leaves: the reckoning of a cash-out, deposits, and what taking an entry back would do. Shapes only, as `views`.

Every amount is an `int` of minor units. Made by `cash_out`, `deposits` and `taking_back`, read by presenters and tests.
"""

from dataclasses import dataclass
from datetime import date

from stored_value.cash_out_records import CashOut, CashOutLine
from stored_value.events import Tender
from stored_value.identity import EventId, MemberId, StoreId
from stored_value.policies import CashOutMethod
from stored_value.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutQuote:
    """What a cash-out would pay, top-up by top-up: shown before anybody confirms, and asked for as it stands. `nothing` are top-ups of which nothing is paid
    and which keep what they hold. `goes_back` is the original tender's share; what it leaves of `refundable_minor` came by a tender that is not known.
    `principal_minor` and `forfeited_minor` are what the request reserves."""

    member_id: MemberId
    method: CashOutMethod
    merchant_caused: bool
    top_up_ids: tuple[EventId, ...]
    lines: tuple[CashOutLine, ...]
    nothing: tuple[CashOutLine, ...]
    refundable_minor: int
    principal_minor: int
    forfeited_minor: int
    goes_back: tuple[Tender, ...]

    @property
    def reserved_minor(self) -> int:
        return self.principal_minor + self.forfeited_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCashOut:
    """A request that is neither paid nor rejected. `here`: this till wrote it and may pay it; `receipt_no` is empty otherwise. `confirmed`: head office has it.
    `original_only`: by the rulebook no other tender will do."""

    asked: CashOut
    here: bool
    confirmed: bool
    receipt_no: str
    local_time: str
    goes_back: tuple[Tender, ...]
    original_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositView:
    """A deposit with something left. `here`: this till took it and may return it; `receipt_no` and `item` are empty otherwise."""

    deposit_id: EventId
    receipt_no: str
    item: str
    taken_on: date
    store_id: StoreId
    original_minor: int
    left_minor: int
    tenders: tuple[Tender, ...]
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingBack:
    """What taking an entry back would do. `by_kind` is the kind of the entry that undoes it, `refusal` why it is not possible (then `by_kind` is empty).
    `tenders` change hands again, to the member when `to_member`. `amount_minor` as in `ReceiptRow`."""

    event_id: EventId
    kind: str
    receipt_no: str
    local_time: str
    member_id: MemberId
    name_masked: str
    phone_last4: str
    amount_minor: int
    by_kind: str
    tenders: tuple[Tender, ...]
    to_member: bool
    refusal: Refusal | None
