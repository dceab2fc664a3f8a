"""What the replica hands out: head office's rows as values. Read only."""

from dataclasses import dataclass
from datetime import date, datetime

from stored_value.identity import EventId, MemberId, StaffId, StoreId, TerminalId
from stored_value.wallet import Purchase, Wallet
from sync.payment_pins import PinVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedMember:
    """A member as HQ last told. `wallet.version` is the row's, in `epoch`; `wallet.status` heeds blocks, which may be newer than the row. `purchases` is empty."""

    member_id: MemberId
    member_no: str
    card_issue: int
    name_masked: str
    phone_last4: str
    phone_tag: int
    home_store_id: StoreId
    wallet: Wallet
    updated_at: datetime
    epoch: str
    pin: PinVerifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedPurchase:
    """`version` is the wallet's at which the purchase stood so."""

    purchase_id: EventId
    member_id: MemberId
    terminal_id: TerminalId
    receipt_no: str
    business_date: date
    version: int
    purchase: Purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """`verifier` is argon2id over the PIN with the store's pepper (H15); `updated_at` is when HQ last vouched for the row."""

    staff_id: StaffId
    name: str
    role: str
    verifier: str
    active: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    store_id: StoreId
    name: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledFinding:
    """A finding in the entry of this hash, settled by a person at HQ, in that person's words."""

    entry_hash: str
    code: str
    resolution: str
    settled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last seq of the scope's feed that the replica contains; `as_of` is HQ's time when that was all there was."""

    scope: str
    epoch: str
    cursor: int
    as_of: datetime
