"""What happens to leases, as facts of a journal (H2): a till takes one and gives it back, head office writes one off. Passed on by `events`; applied by `reservations`."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Literal

from stored_value.identity import MemberId
from stored_value.occasion import Occasion
from stored_value.reservation_records import ReservationId, ReservedThing


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseAccepted:
    """From here on the till may spend `amount_minor` of the member's balance offline, until `expires_at`. `number` is head office's count of its grants to this till."""

    kind: ClassVar[Literal["lease_accepted"]] = "lease_accepted"
    occasion: Occasion
    member_id: MemberId
    lease_id: ReservationId
    number: int
    amount_minor: int
    expires_at: datetime | None = None
    things: tuple[ReservedThing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseReturned:
    """The till gives back what it has not spent, `amount_minor`, and spends no more of it."""

    kind: ClassVar[Literal["lease_returned"]] = "lease_returned"
    occasion: Occasion
    member_id: MemberId
    lease_id: ReservationId
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationWrittenOff:
    """A named person at head office stops waiting for a till's report: what it spent of `amount_minor` and nobody knows of is from now on the franchise's risk (L5)."""

    kind: ClassVar[Literal["reservation_written_off"]] = "reservation_written_off"
    occasion: Occasion
    member_id: MemberId
    reservation_id: ReservationId
    amount_minor: int
    reason: str = ""


ReservationEvent = LeaseAccepted | LeaseReturned | ReservationWrittenOff
LEASE_KINDS: Final = (LeaseAccepted.kind, LeaseReturned.kind)
"""What a till writes by itself."""
RESERVATION_TYPES: tuple[type[ReservationEvent], ...] = (LeaseAccepted, LeaseReturned, ReservationWrittenOff)
