"""Signing in: PIN against the store's verifiers, with a delay that grows by every wrong one and survives a restart.

Failures are counted on disk before the PIN is checked, so that pulling the plug gives nobody another try. The delay runs on
monotonic time: setting the clock forward does not shorten it, and after a restart it counts from the time on disk.
"""

from datetime import timedelta
from typing import Final

from stored_value.identity import StaffId
from stored_value.refusals import Refusal, RefusalCode
from sync.errors import SignatureError
from sync.pins import check_pin
from terminal.counter.views import SignedIn, StaffRole, StaffTile
from terminal.counter.workplace import Workplace
from terminal.journal import PinAttempts
from terminal.replica import StaffMember

FREE_FAILURES: Final = 3
FIRST_DELAY_S: Final = 30
LONGEST_DELAY_S: Final = 15 * 60
STAFF_LIST_DAYS_MAX: Final = 7
"""Dismissed staff cannot work on offline for longer than this (H15)."""

_ROLES: Final = {role.value: role for role in StaffRole}


class SigningIn:
    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._delay_began_s: dict[StaffId, float] = {}

    def staff(self) -> tuple[StaffTile, ...]:
        """Who may sign in here; a role that this program does not know may not."""
        return tuple(
            StaffTile(staff_id=each.staff_id, name=each.name, role=_ROLES[each.role])
            for each in self._place.replica.staff()
            if each.active and each.role in _ROLES
        )

    def sign_in(self, staff_id: StaffId, pin: str) -> SignedIn | Refusal:
        place = self._place
        staff = next((each for each in place.replica.staff() if each.staff_id == staff_id), None)
        if staff is None or not staff.active or staff.role not in _ROLES:
            return Refusal(RefusalCode.STAFF_UNKNOWN)
        if self._list_is_too_old():
            return Refusal(RefusalCode.STAFF_LIST_TOO_OLD, {"days": STAFF_LIST_DAYS_MAX})
        attempts = place.journal.pin_attempts.of(staff_id)
        waiting_s = self._waiting_s(staff_id, attempts)
        if waiting_s > 0:
            return Refusal(RefusalCode.PIN_DELAYED, {"delay_s": waiting_s})
        place.journal.pin_attempts.failed(staff_id, place.now())
        if not self._is_right(staff, pin):
            return self._wrong(staff_id, attempts.failures + 1)
        place.journal.pin_attempts.succeeded(staff_id)
        self._delay_began_s.pop(staff_id, None)
        place.signed_in = SignedIn(staff_id=staff.staff_id, name=staff.name, role=_ROLES[staff.role])
        return place.signed_in

    def sign_out(self) -> None:
        self._place.signed_in = None

    def _is_right(self, staff: StaffMember, pin: str) -> bool:
        try:
            return check_pin(staff.verifier, pin, self._place.keys.staff_pepper)
        except SignatureError:
            return False  # an unreadable verifier opens to nobody; head office sends a new one with the next PIN

    def _wrong(self, staff_id: StaffId, failures: int) -> Refusal:
        self._delay_began_s[staff_id] = self._place.clock.monotonic_s()
        data: dict[str, int | str] = {"attempts_left_free": max(0, FREE_FAILURES - failures)}
        delay_s = delay_after(failures)
        return Refusal(RefusalCode.PIN_WRONG, {**data, "delay_s": delay_s} if delay_s else data)

    def _waiting_s(self, staff_id: StaffId, attempts: PinAttempts) -> int:
        """Whole seconds still to wait, rounded up."""
        delay_s = delay_after(attempts.failures)
        if not delay_s or attempts.last_failed_at is None:
            return 0
        now_s = self._place.clock.monotonic_s()
        if staff_id not in self._delay_began_s:
            passed_s = (self._place.now() - attempts.last_failed_at) // timedelta(seconds=1)
            self._delay_began_s[staff_id] = now_s - min(max(passed_s, 0), delay_s)
        return max(0, delay_s - int(now_s - self._delay_began_s[staff_id]))

    def _list_is_too_old(self) -> bool:
        as_of = self._place.replica.as_of()
        return as_of is None or self._place.now() - as_of > timedelta(days=STAFF_LIST_DAYS_MAX)


def delay_after(failures: int) -> int:
    """Seconds before the next try: none for the first failures, then doubling."""
    if failures < FREE_FAILURES:
        return 0
    return min(FIRST_DELAY_S << min(failures - FREE_FAILURES, 10), LONGEST_DELAY_S)
