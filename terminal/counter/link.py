"""What the counter needs from its surroundings: head office as far as it can be reached now, the devices for the status
strip, the keys that this till was given. Values and callables only; the composition root fills them in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from printers.spool import SpoolStatus
from sync.messages import FindMember, FoundMembers, HoldReply, HoldRequest
from terminal.devices.scanner_state import ScannerState
from terminal.journal.mirror import MirrorStatus
from terminal.troubles import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """`clock_off_by`: how far the till's clock is ahead of head office's. `trouble`: what else than the line keeps the two apart, also while online.
    `time_at_least`: what time it is at the earliest, however the clock was set meanwhile; None: nobody reckons it. `takes_payment_pins`: head office's program knows them."""

    online: bool
    clock_off_by: timedelta = timedelta()
    trouble: Trouble | None = None
    time_at_least: datetime | None = None
    takes_payment_pins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`read_member` and `hold` ask head office within a short deadline; None: no answer, work offline. `state` never waits."""

    state: Callable[[], LinkState]
    read_member: Callable[[FindMember], FoundMembers | None]
    hold: Callable[[HoldRequest], HoldReply | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """`receipt_printer` is the configured name of the printer for receipts, None when the till has none."""

    receipt_printer: str | None
    printers: Callable[[], tuple[SpoolStatus, ...]]
    wake_printers: Callable[[], None]
    scanner: Callable[[], ScannerState]
    mirror: Callable[[], MirrorStatus | None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillKeys:
    """As they came with the enrolment: `staff_pepper` in base64url, `phone_tag_key` as bytes."""

    staff_pepper: str
    phone_tag_key: bytes
