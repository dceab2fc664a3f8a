"""Wrong PINs, of staff and of members: a delay that grows by every one and survives a restart. Owns the counting; what a PIN opens is its caller's.

Failures are counted on disk before the PIN is checked, so that pulling the plug gives nobody another try. The delay runs on
monotonic time: setting the clock forward does not shorten it, and after a restart it counts from the time on disk.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.workplace import Workplace
from terminal.journal.pin_attempts import Person

FREE_FAILURES: Final = 3
FIRST_DELAY_S: Final = 30
LONGEST_DELAY_S: Final = 15 * 60
T = TypeVar("T")


class PinTries:
    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._delay_began_s: dict[Person, float] = {}

    def check(
        self, person: Person, opens: Callable[[], T | None], *, wrong: RefusalCode, delayed: RefusalCode
    ) -> T | Refusal:
        """What `opens` gives for the right PIN. Refused with `delayed` (`delay_s`) without a look at the PIN, or with `wrong` (`attempts_left_free`, and `delay_s` once there is
        a delay before the next try)."""
        attempts = self._place.journal.pin_attempts
        failures = attempts.of(person).failures
        waiting_s = self._waiting_s(person)
        if waiting_s > 0:
            return Refusal(delayed, {"delay_s": waiting_s})
        attempts.failed(person, self._place.now())
        opened = opens()
        if opened is None:
            return self._wrong(person, failures + 1, wrong)
        self.forgive(person)
        return opened

    def forgive(self, person: Person) -> None:
        self._place.journal.pin_attempts.succeeded(person)
        self._delay_began_s.pop(person, None)

    def _wrong(self, person: Person, failures: int, code: RefusalCode) -> Refusal:
        self._delay_began_s[person] = self._place.clock.monotonic_s()
        data: dict[str, int | str] = {"attempts_left_free": max(0, FREE_FAILURES - failures)}
        delay_s = delay_after(failures)
        return Refusal(code, {**data, "delay_s": delay_s} if delay_s else data)

    def _waiting_s(self, person: Person) -> int:
        """Whole seconds still to wait, rounded up."""
        attempts = self._place.journal.pin_attempts.of(person)
        delay_s = delay_after(attempts.failures)
        if not delay_s or attempts.last_failed_at is None:
            return 0
        now_s = self._place.clock.monotonic_s()
        if person not in self._delay_began_s:
            passed_s = (self._place.now() - attempts.last_failed_at) // timedelta(seconds=1)
            self._delay_began_s[person] = now_s - min(max(passed_s, 0), delay_s)
        return max(0, delay_s - int(now_s - self._delay_began_s[person]))


def delay_after(failures: int) -> int:
    """Seconds before the next try: none for the first failures, then doubling."""
    if failures < FREE_FAILURES:
        return 0
    return min(FIRST_DELAY_S << min(failures - FREE_FAILURES, 10), LONGEST_DELAY_S)
