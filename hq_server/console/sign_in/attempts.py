"""Owns how often a login may be tried with a wrong password: the fifth failure and each one after it make the next try wait twice as long.

In the memory of one process and bounded: it slows guessing, the slow hash and the password's length make it hopeless.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FREE_FAILURES: Final = 5
WAIT_FIRST: Final = timedelta(seconds=15)
WAIT_MAX: Final = timedelta(minutes=15)
LOGINS_MAX: Final = 10_000


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: datetime


class SignInAttempts:
    """Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, login: str, now: datetime) -> timedelta:
        """How long this login has to wait before its next try; nothing when it need not."""
        with self._guard:
            failures = self._failures.get(_plain(login))
            if failures is None or failures.count < FREE_FAILURES:
                return timedelta()
            doublings = min(failures.count - FREE_FAILURES, 16)
            pause = min(WAIT_FIRST * (1 << doublings), WAIT_MAX)
            return max(failures.last_at + pause - now, timedelta())

    def failed(self, login: str, now: datetime) -> None:
        with self._guard:
            known = self._failures.pop(_plain(login), None)
            self._failures[_plain(login)] = _Failures(1 if known is None else known.count + 1, now)
            while len(self._failures) > LOGINS_MAX:
                self._failures.popitem(last=False)

    def succeeded(self, login: str) -> None:
        with self._guard:
            self._failures.pop(_plain(login), None)


def _plain(login: str) -> str:
    return login.strip().casefold()[:64]
