"""Owns how many pushes of one till are taken in at once: a second waits at the till's row, as after a lost reply; more are answered 429, lest one till take the room of all.

One for the process; thread-safe. Called by the endpoint once it knows who pushes.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Final

from hq_server.errors import ApiProblem

PUSHES_OF_A_TILL_MAX: Final = 2
_RETRY_AFTER_S: Final = 2


class PushTurns:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._under_way: Counter[str] = Counter()

    @contextlib.contextmanager
    def taken(self, terminal_id: str) -> Iterator[None]:
        """Raises `ApiProblem`."""
        with self._guard:
            if self._under_way[terminal_id] >= PUSHES_OF_A_TILL_MAX:
                message = f"{PUSHES_OF_A_TILL_MAX} pushes of this till are being taken in already"
                raise ApiProblem("too_many_pushes", message, retry_after_s=_RETRY_AFTER_S)
            self._under_way[terminal_id] += 1
        try:
            yield
        finally:
            with self._guard:
                self._under_way[terminal_id] -= 1
                if not self._under_way[terminal_id]:
                    del self._under_way[terminal_id]
