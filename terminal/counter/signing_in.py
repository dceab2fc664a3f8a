"""Signing in: PIN against the store's verifiers, with a delay that grows by every wrong one (`pin_tries`)."""

from datetime import timedelta
from typing import Final

from stored_value.identity import StaffId
from stored_value.refusals import Refusal, RefusalCode
from sync.errors import SignatureError
from sync.pins import check_pin
from terminal.counter.pin_tries import PinTries
from terminal.counter.views import SignedIn, StaffRole, StaffTile
from terminal.counter.workplace import Workplace
from terminal.replica import StaffMember

STAFF_LIST_DAYS_MAX: Final = 7
"""Dismissed staff cannot work on offline for longer than this (H15)."""

_ROLES: Final = {role.value: role for role in StaffRole}


class SigningIn:
    def __init__(self, place: Workplace, tries: PinTries) -> None:
        self._place = place
        self._tries = tries

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
        signed_in = SignedIn(staff_id=staff.staff_id, name=staff.name, role=_ROLES[staff.role])
        checked = self._tries.check(
            staff_id,
            lambda: signed_in if self._is_right(staff, pin) else None,
            wrong=RefusalCode.PIN_WRONG,
            delayed=RefusalCode.PIN_DELAYED,
        )
        if not isinstance(checked, Refusal):
            place.signed_in = checked
        return checked

    def sign_out(self) -> None:
        self._place.signed_in = None

    def _is_right(self, staff: StaffMember, pin: str) -> bool:
        try:
            return check_pin(staff.verifier, pin, self._place.keys.staff_pepper)
        except SignatureError:
            return False  # an unreadable verifier opens to nobody; head office sends a new one with the next PIN

    def _list_is_too_old(self) -> bool:
        as_of = self._place.replica.as_of()
        return as_of is None or self._place.now() - as_of > timedelta(days=STAFF_LIST_DAYS_MAX)
