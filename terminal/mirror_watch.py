"""Owns since when the journal's mirror has not been written, and what head office is told of it once that lasts. Asked by the sync cycle; never touches the mirror's disk."""

from collections.abc import Callable
from typing import Final

from sync.till_trouble import MIRROR_FAULT, MirrorFault, TillTrouble
from terminal.clock import Clock
from terminal.journal.mirror import MirrorStatus

TOLD_AFTER_S: Final = 600.0
"""A stick that is changed, or a disk that spins up, is nobody's concern."""


class MirrorWatch:
    """Use from one thread."""

    def __init__(self, status: Callable[[], MirrorStatus], clock: Clock) -> None:
        self._status = status
        self._clock = clock
        self._since: tuple[MirrorFault, float] | None = None

    def trouble(self) -> TillTrouble | None:
        """None while the mirror is written, or for ten minutes after it was."""
        status, now_s = self._status(), self._clock.monotonic_s()
        if status.fault is None:
            self._since = None
            return None
        if self._since is None or self._since[0] is not status.fault:
            self._since = status.fault, now_s
        if now_s - self._since[1] < TOLD_AFTER_S:
            return None
        return TillTrouble(code=MIRROR_FAULT, words=status.words, reason=status.fault)
