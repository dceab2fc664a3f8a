"""What every event has: where, when, by whom and on what evidence it happened, and the tenders that moved. Event modules build on it; `events` passes its names on."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from stored_value.identity import EventId, LotId, ShiftId, StaffId, StoreId, TerminalId
from stored_value.reservation_records import ReservationId


class TenderKind(StrEnum):
    CASH = "cash"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    CARD = "card"
    TRANSFER = "transfer"


class EvidenceClass(StrEnum):
    """What shows that the member was there (H8). `STATIC_CARD` is the printed identity code, limited per day by policy; `NONE` books to the serving store's suspense."""

    HOLD = "hold"
    LEASE = "lease"
    APPROVAL = "approval"
    PAY_CODE = "pay_code"
    PIN = "pin"
    STATIC_CARD = "static_card"
    RISK_ALLOWANCE = "risk_allowance"
    NOT_NEEDED = "not_needed"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Where, when and by whom: the part that every event has. `occurred_at` is the till's clock (aware UTC), `local_time` the wall clock as text, never recomputed.
    `reservations` are the hold and the leases that the event uses, leases in the order in which they are spent.
    `evidence_ref` is what head office checks the evidence by: of a PIN its issue and the proof (`sync.payment_pins`)."""

    event_id: EventId
    occurred_at: datetime
    terminal_id: TerminalId
    store_id: StoreId
    staff_id: StaffId
    shift_id: ShiftId
    business_date: date
    local_time: str
    rulebook: int
    evidence: EvidenceClass
    offline: bool
    reservations: tuple[ReservationId, ...] = ()
    evidence_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    kind: TenderKind
    amount_minor: int
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDraw:
    """What the till expected to draw of a lot."""

    lot_id: LotId
    amount_minor: int
