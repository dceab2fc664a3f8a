"""What the journal hands out and takes in: small immutable values, no behaviour."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from stored_value.events import Event, WalletEvent
from stored_value.identity import EventId, MemberId, ShiftId, StaffId, StoreId, TerminalId
from stored_value.reservation_records import ReservationId, ReservedThing
from sync.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardTime:
    """What head office's clock and this machine's showed at one moment."""

    hq_time: datetime
    till_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this till is and whom it trusts; written once by enrolment. Secret keys are files beside the journal, never in it.
    `member_no_from` starts this till's own block of member numbers."""

    terminal_id: TerminalId
    incarnation: int
    store_id: StoreId
    store_name: str
    zone: str
    hq_url: str
    root_public_key: str
    seal_public_key: str
    member_no_from: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """Seq 0 with the genesis hash is an empty journal."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Appended:
    """`existing`: the event was in the journal already; nothing was written and `entry` is the one that was."""

    entry: Entry
    event: Event
    existing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMember:
    """A member enrolled at this till, as far as the till may know him, until the feed brings his row."""

    member_id: MemberId
    member_no: str
    card_issue: int
    name_masked: str
    phone_last4: str
    phone_tag: int
    home_store_id: StoreId


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """One of this till's events for a member. `landed_at` is the version of the wallet that contains it, None while the outcome is unknown."""

    seq: int
    event: WalletEvent
    landed_at: int | None


@dataclass(frozen=True, slots=True)
class OpenPush:
    """Entries that were sent, or were about to be, and whose outcome is not known."""

    epoch: str
    from_seq: int
    to_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    shift_id: ShiftId
    business_date: date
    opened_at: datetime
    opened_local_time: str
    staff_id: StaffId
    float_minor: int
    opened_seq: int
    closed_seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedEntry:
    """An entry that HQ set aside or had something to say about."""

    seq: int
    hash: str
    event_id: EventId
    kind: str
    status: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PinAttempts:
    failures: int
    last_failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """A request for a hold, made for one action; `amount_minor` is what the payment needs beyond the till's leases."""

    hold_id: ReservationId
    event_id: EventId
    member_id: MemberId
    amount_minor: int
    things: tuple[ReservedThing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLease:
    """A lease that this till took and has neither given back nor used up; number 0: of its own offline top-up (H3)."""

    lease_id: ReservationId
    member_id: MemberId
    number: int
    left_minor: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserving:
    """What an entry does to reservations beyond what it says itself: `leased_minor` stays with this till (an offline top-up, H3), `risk_minor` is covered by nothing."""

    leased_minor: int = 0
    risk_minor: int = 0


NOTHING_RESERVED: Final = Reserving()


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTaken:
    """Paid out beyond leases and holds since head office last heard everything, by all members and by one; `unsettled_minor` of his has no outcome yet."""

    till_minor: int
    member_minor: int
    unsettled_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a till tells at its journal's very head: up to which grant and request it has come, and which leases and holds it may still use (H2)."""

    epoch: str
    head: Head
    grant_watermark: int
    request_watermark: int
    open_reservations: tuple[str, ...]
