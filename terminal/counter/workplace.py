"""What every use-case opens with: the till's memory, who is signed in, which shift and which rulebook hold now. Also the
one way in which an event gets into the journal with its receipt. Decides nothing about money.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from printers.document import Receipt
from printers.spool import PrintJob
from stored_value.business_day import left_of
from stored_value.events import Event, EvidenceClass, Occasion
from stored_value.identity import EventId, ShiftId, receipt_no
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservationId
from stored_value.rulebook import Rulebook
from sync.entry import Entry
from terminal.clock import Clock, new_id
from terminal.counter.link import Equipment, Link, TillKeys
from terminal.counter.views import SignedIn
from terminal.journal import NOTHING_RESERVED, Journal, LocalMember, Reserving, Shift
from terminal.language import Language
from terminal.members import Members
from terminal.receipt_words import BY_LANGUAGE
from terminal.receipts import Slip
from terminal.replica import Replica


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who works by which rules; `on` is the business date: the shift's, or today where no shift is open."""

    staff: SignedIn
    rulebook: Rulebook
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork(Standing):
    """Inside a shift: money may move."""

    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    entry: Entry
    receipt: Receipt
    printing: bool


class Workplace:
    """`signed_in` is kept in memory only: a restart locks the till."""

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
    ) -> None:
        self.journal = journal
        self.replica = replica
        self.clock = clock
        self.keys = keys
        self.link = link
        self.equipment = equipment
        self.members = Members(journal, replica, clock)
        self.signed_in: SignedIn | None = None
        self._opened: tuple[ShiftId, datetime] | None = None
        self._language = language

    @property
    def store_name(self) -> str:
        identity = self.journal.head_office.identity
        store = self.replica.store(identity.store_id)
        return store.name if store else identity.store_name

    @property
    def zone(self) -> ZoneInfo:
        identity = self.journal.head_office.identity
        store = self.replica.store(identity.store_id)
        return ZoneInfo(store.zone if store else identity.zone)

    def now(self) -> datetime:
        """Never below head office's last signed time (H8)."""
        return self.journal.head_office.not_below_anchor(self.clock.now())

    def time_gone(self) -> datetime:
        """For what ends with time, lest a clock that was set back prolong it: never before what has surely gone by."""
        now, at_least = self.now(), self.link.state().time_at_least
        return now if at_least is None else max(now, at_least)

    def local_time(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def rulebook(self, version: int) -> Rulebook | None:
        """The version that an event pins, else the one in force."""
        return self.replica.rulebook(version) or self.replica.rulebook_in_force(self.now())

    def standing(self) -> Standing | Refusal:
        staff = self.signed_in
        if staff is None:
            return Refusal(RefusalCode.NOT_SIGNED_IN)
        now = self.now()
        rulebook = self.replica.rulebook_in_force(now)
        if rulebook is None:
            return Refusal(RefusalCode.NO_RULEBOOK)
        shift = self.journal.shifts.current()
        on = shift.business_date if shift else now.astimezone(self.zone).date()
        return Standing(staff=staff, rulebook=rulebook, on=on)

    def at_work(self) -> AtWork | Refusal:
        """For whatever is written into the journal inside a shift, but its closing: a shift that has gone on too long is closed first (H8)."""
        at_work = self.in_shift()
        if isinstance(at_work, AtWork) and not self.left_of(at_work.shift):
            return Refusal(RefusalCode.SHIFT_TOO_OLD, {"opened_at": at_work.shift.opened_local_time})
        return at_work

    def opened(self, shift: Shift) -> None:
        """Just now: from here on its age is known, whatever the clock is set to."""
        self._opened = (shift.shift_id, self.time_gone())

    def left_of(self, shift: Shift) -> timedelta:
        """How long money may still move in it. By the clock that it was opened by, lest one that stands still make each new shift too old at once; of one opened since this
        program began also by what has surely gone by, lest setting the clock back prolong it."""
        now = self.now()
        today = now.astimezone(self.zone).date()
        if self._opened is not None and self._opened[0] == shift.shift_id:
            now = max(now, shift.opened_at + (self.time_gone() - self._opened[1]))
        return left_of(shift.opened_at, shift.business_date, now, today)

    def in_shift(self) -> AtWork | Refusal:
        """To look at the shift, however old, or to close it."""
        standing = self.standing()
        if isinstance(standing, Refusal):
            return standing
        stopped = self.stopped()
        if stopped is not None:
            return stopped
        shift = self.journal.shifts.current()
        if shift is None:
            return Refusal(RefusalCode.SHIFT_NOT_OPEN)
        return AtWork(staff=standing.staff, rulebook=standing.rulebook, on=shift.business_date, shift=shift)

    def stopped(self) -> Refusal | None:
        stop = self.journal.head_office.stopped
        return None if stop is None else Refusal(RefusalCode.TILL_STOPPED, {"why": stop.code, "reason": stop.reason})

    def occasion(
        self,
        action: EventId,
        at_work: AtWork,
        evidence: EvidenceClass,
        *,
        offline: bool,
        reservations: tuple[ReservationId, ...] = (),
        evidence_ref: str = "",
    ) -> Occasion:
        identity = self.journal.head_office.identity
        now = self.now()
        return Occasion(
            event_id=action,
            occurred_at=now,
            terminal_id=identity.terminal_id,
            store_id=identity.store_id,
            staff_id=at_work.staff.staff_id,
            shift_id=at_work.shift.shift_id,
            business_date=at_work.on,
            local_time=self.local_time(now),
            rulebook=at_work.rulebook.version,
            evidence=evidence,
            offline=offline,
            reservations=reservations,
            evidence_ref=evidence_ref,
        )

    def slip(self, entry: Entry | None, staff_name: str, rulebook: Rulebook) -> Slip:
        """`entry` None: an X report."""
        return Slip(
            store_name=self.store_name,
            zone=self.zone,
            staff_name=staff_name,
            receipt_no=self.receipt_no(entry.header.seq) if entry else "",
            fragment=entry.fragment if entry else "",
            rulebook=rulebook,
            words=BY_LANGUAGE[self._language()],
        )

    def receipt_no(self, seq: int) -> str:
        identity = self.journal.head_office.identity
        return receipt_no(identity.store_id, identity.terminal_id, seq)

    def record(
        self,
        event: Event,
        write: Callable[[Entry], Receipt],
        *,
        kick_drawer: bool,
        attachment: bytes = b"",
        local_member: LocalMember | None = None,
        reserving: Reserving = NOTHING_RESERVED,
    ) -> Recorded:
        """Entry and print job in one durable commit. The caller has made sure, under `journal.deciding`, that the event is
        new. Raises `DiskFull` or `DiskFault`: nothing is printed then, and no drawer opens."""
        written: list[Receipt] = []

        def receipts(entry: Entry) -> Sequence[PrintJob]:
            written.append(write(entry))
            job = self.print_job(event.kind, written[-1], entry.header.seq, kick_drawer=kick_drawer)
            return () if job is None else (job,)

        appended = self.journal.append(
            event, receipts=receipts, attachment=attachment, local_member=local_member, reserving=reserving
        )
        assert not appended.existing, f"event {event.occasion.event_id} was recorded before"
        self.equipment.wake_printers()
        return Recorded(entry=appended.entry, receipt=written[-1], printing=self.equipment.receipt_printer is not None)

    def print_job(
        self, kind: str, document: Receipt, seq: int | None, *, kick_drawer: bool = False, copies: int = 0
    ) -> PrintJob | None:
        printer = self.equipment.receipt_printer
        if printer is None:
            return None
        return PrintJob(
            job_id=new_id(self.clock),
            kind=kind,
            printer=printer,
            document=document,
            created_at=self.clock.now(),
            entry_seq=seq,
            kick_drawer=kick_drawer,
            copies=copies,
        )

    def staff_name(self, staff_id: str) -> str:
        return next((each.name for each in self.replica.staff() if each.staff_id == staff_id), staff_id)
