"""Owns the rows that a batch writes, as tuples named after their tables' columns, in the columns' order. `batch_writer` carries them; nothing else builds SQL from them."""

from datetime import date, datetime
from typing import NamedTuple


class JournalRow(NamedTuple):
    store_id: str
    terminal_id: str
    incarnation: int
    seq: int
    raw: bytes
    hash: str
    event_id: str
    kind: str
    member_id: str | None
    version: int | None
    status: str
    findings: str
    needs_a_person: bool
    occurred_at: datetime
    received_at: datetime


class WalletRow(NamedTuple):
    member_id: str
    version: int
    prior_version: int
    state: bytes
    status: str
    tier_id: str
    principal_minor: int
    bonus_minor: int
    receivable_minor: int
    updated_at: datetime
    due_on: date | None


class PurchaseRow(NamedTuple):
    member_id: str
    purchase_id: str
    receipt_no: str
    store_id: str
    terminal_id: str
    business_date: date
    version: int
    state: bytes


class WalletEventRow(NamedTuple):
    member_id: str
    event_id: str
    version: int
    kind: str
    store_id: str
    terminal_id: str
    incarnation: int
    seq: int
    receipt_no: str
    staff_id: str
    business_date: date
    occurred_at: datetime
    received_at: datetime
    amount_minor: int
    offline: bool
    findings: str
    needs_a_person: bool


class PostingRow(NamedTuple):
    member_id: str
    event_id: str
    line_no: int
    store_id: str
    business_date: date
    kind: str
    account: str
    detail: str
    amount_minor: int


class OutboxRow(NamedTuple):
    member_id: str
    event_id: str
    payload: bytes


class ScopeRow(NamedTuple):
    member_id: str
    store_id: str
    entered_at: datetime


class ShiftRow(NamedTuple):
    store_id: str
    event_id: str
    terminal_id: str
    incarnation: int
    seq: int
    kind: str
    shift_id: str
    staff_id: str
    business_date: date
    occurred_at: datetime
    received_at: datetime
    float_minor: int
    counted_minor: int | None
    expected_minor: int | None
    totals: str


class ExceptionRow(NamedTuple):
    store_id: str
    subject: str
    code: str
    kind: str
    terminal_id: str
    incarnation: int
    seq: int | None
    member_id: str | None
    findings: str
    raised_at: datetime
    state: str
    assigned_to: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str


class ReservationRow(NamedTuple):
    store_id: str
    terminal_id: str
    reservation_id: str
    kind: str
    incarnation: int
    epoch: str
    number: int
    member_id: str
    version: int
    amount_minor: int
    things: str
    state: str
    refusal: str
    refusal_data: str
    granted_at: datetime
    expires_at: datetime | None
    recalled_at: datetime | None
    needed: bool
    closed_at: datetime | None
    at_large: bool
