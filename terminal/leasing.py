"""Leases 离线额度 taken and given back by this till, as entries of its journal (H2): head office's grants in their order, and the return of what is recalled, has run out,
or came from an offline top-up that has landed (H3).

Called by the sync cycle and by the live channel. Nobody need be signed in and no shift be open: these entries are no person's, and shift totals do not know them.
"""

import threading
from datetime import datetime
from enum import Enum, auto
from typing import Final
from zoneinfo import ZoneInfo

from stored_value.events_reservation import LeaseAccepted, LeaseReturned
from stored_value.identity import EventId, ShiftId, StaffId
from stored_value.occasion import EvidenceClass, Occasion
from stored_value.reservation_records import Reservation, ReservationId
from stored_value.reservations import find
from sync.grants import Grant, Grants
from terminal.clock import Clock, new_id
from terminal.journal import Journal, OpenLease
from terminal.members import MemberOnFile, Members
from terminal.replica import Replica

THE_TILL_ITSELF: Final = StaffId("till")
NO_SHIFT: Final = ShiftId("none")
_RECALLS_MAX: Final = 4_096


class _Verdict(Enum):
    TAKE = auto()
    SKIP = auto()
    WAIT = auto()


class Leasing:
    """Thread-safe."""

    def __init__(self, journal: Journal, replica: Replica, clock: Clock) -> None:
        self._journal = journal
        self._replica = replica
        self._clock = clock
        self._members = Members(journal, replica, clock)
        self._recalled: dict[ReservationId, None] = {}
        self._seen: dict[ReservationId, int] = {}
        self._noting = threading.Lock()

    def recalled(self) -> tuple[ReservationId, ...]:
        """What head office asked back since this program began and this till has dealt with."""
        with self._noting:
            return tuple(self._recalled)

    def accept(self, grants: Grants) -> bool:
        """In the order of their numbers; stops before one that this replica has not come to, and goes on from there the next time. Another epoch's are not taken.
        Whether one was left out: head office waits for the report that says so, and not for one that says what was taken."""
        skipped = False
        for grant in sorted(grants.grants, key=lambda each: each.number):
            with self._journal.deciding():
                if not self._may_take(grants):
                    return skipped
                verdict = self._judge(grant)
                if verdict is _Verdict.WAIT:
                    return skipped
                if verdict is _Verdict.SKIP:
                    self._journal.reservations.skip_grant(grant.number)
                    skipped = True
                else:
                    self._journal.append(self._accepted(grant))
        return skipped

    def give_back_recalled(self, recalls: tuple[ReservationId, ...]) -> None:
        """At once. A grant that is recalled before it was taken will be skipped."""
        self._note(recalls)
        asked = frozenset(recalls)
        for lease in self._journal.reservations.open_leases():
            if lease.lease_id in asked:
                self._give_back(lease, recalled=True)

    def give_back_due(self) -> bool:
        """For a till that has just heard head office: what is recalled, has run out, or has landed. Whether anything ended."""
        recalled = frozenset(self.recalled())
        ended = False
        for lease in self._journal.reservations.open_leases():
            is_recalled = lease.lease_id in recalled
            if is_recalled or self._may_be_due(lease):
                ended |= self._give_back(lease, recalled=is_recalled)
        return ended

    def _may_take(self, grants: Grants) -> bool:
        """None while this disk may be a copy: the other one may have taken them."""
        office = self._journal.head_office
        return grants.epoch == office.epoch and office.stopped_reason is None and office.lease_doubt is None

    def _note(self, recalls: tuple[ReservationId, ...]) -> None:
        with self._noting:
            for lease_id in recalls:
                self._recalled.pop(lease_id, None)
                self._recalled[lease_id] = None
            while len(self._recalled) > _RECALLS_MAX:
                del self._recalled[next(iter(self._recalled))]

    def _judge(self, grant: Grant) -> _Verdict:
        if grant.number <= self._journal.reservations.grant_watermark():
            return _Verdict.SKIP
        known = self._replica.member(grant.member_id)
        if known is None or grant.expires_at <= self._now() or grant.lease_id in self._recalled:
            return _Verdict.SKIP
        if known.wallet.version < grant.version:
            return _Verdict.WAIT
        kept = find(known.wallet, grant.lease_id)
        return _Verdict.SKIP if kept is None or kept.recalled else _Verdict.TAKE

    def _may_be_due(self, lease: OpenLease) -> bool:
        """A lease that was found not to be due is looked at again when its member's row has changed, lest every cycle read every member."""
        if lease.expires_at is not None and lease.expires_at <= self._now():
            return True
        return self._seen.get(lease.lease_id) != self._replica.member_version(lease.member_id)

    def _give_back(self, lease: OpenLease, *, recalled: bool) -> bool:
        """Not while this disk may be a copy (H6): the other one may be spending it."""
        with self._journal.deciding():
            if self._journal.head_office.lease_doubt is not None:
                return False
            if lease.lease_id not in self._journal.reservations.open_leases_of(lease.member_id):
                return False
            member = self._members.find(lease.member_id)
            if member is None or not member.confirmed:
                return False
            kept = find(member.view.wallet, lease.lease_id)
            if kept is None:
                return self._forget_closed(lease, member)
            if not recalled and not self._is_due(lease, kept, member):
                self._seen[lease.lease_id] = member.view.wallet.version
                return False
            self._journal.append(self._returned(kept, member))
            self._seen.pop(lease.lease_id, None)
            return True

    def _forget_closed(self, lease: OpenLease, member: MemberOnFile) -> bool:
        """Head office has closed it: used up or written off. Not while entries of his are on their way: one of them may be what makes the lease."""
        if member.view.pending:
            return False
        self._journal.reservations.forget_lease(lease.lease_id)
        self._seen.pop(lease.lease_id, None)
        return True

    def _is_due(self, lease: OpenLease, kept: Reservation, member: MemberOnFile) -> bool:
        if kept.recalled or (kept.expires_at is not None and kept.expires_at <= self._now()):
            return True
        waiting = {own.event.occasion.event_id for own in member.view.pending}
        return lease.number == 0 and EventId(lease.lease_id) not in waiting

    def _accepted(self, grant: Grant) -> LeaseAccepted:
        return LeaseAccepted(
            occasion=self._occasion(),
            member_id=grant.member_id,
            lease_id=grant.lease_id,
            number=grant.number,
            amount_minor=grant.amount_minor,
            expires_at=grant.expires_at,
            things=grant.things,
        )

    def _returned(self, kept: Reservation, member: MemberOnFile) -> LeaseReturned:
        return LeaseReturned(
            occasion=self._occasion(),
            member_id=member.member_id,
            lease_id=kept.reservation_id,
            amount_minor=kept.amount_minor,
        )

    def _occasion(self) -> Occasion:
        identity = self._journal.head_office.identity
        store = self._replica.store(identity.store_id)
        now = self._now()
        local = now.astimezone(ZoneInfo(store.zone if store else identity.zone))
        rulebook = self._replica.rulebook_in_force(now)
        return Occasion(
            event_id=EventId(new_id(self._clock)),
            occurred_at=now,
            terminal_id=identity.terminal_id,
            store_id=identity.store_id,
            staff_id=THE_TILL_ITSELF,
            shift_id=NO_SHIFT,
            business_date=local.date(),
            local_time=f"{local:%Y-%m-%d %H:%M:%S}",
            rulebook=rulebook.version if rulebook else 0,
            evidence=EvidenceClass.NOT_NEEDED,
            offline=False,
        )

    def _now(self) -> datetime:
        return self._journal.head_office.not_below_anchor(self._clock.now())
