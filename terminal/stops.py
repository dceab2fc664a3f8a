"""Owns the names of why this till must not go on before people have looked: what head office says of it, and what the till finds itself. No words for people.

Kept in the journal, said by the strip and by each refusal; what the till found itself, the next session tells head office.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sync.till_trouble import OwnStop


class StopCode(StrEnum):
    """The first four are head office's refusals; `UNKNOWN` was written by an older program."""

    BY_HEAD_OFFICE = "terminal_stopped"
    REVOKED = "terminal_revoked"
    FORKED = "journal_forked"
    BROKEN = "journal_broken"
    PUT_BACK = OwnStop.PUT_BACK
    ENTRY_DIFFERS = OwnStop.ENTRY_DIFFERS
    ENTRY_ROTTEN = OwnStop.ENTRY_ROTTEN
    BEHIND_MIRROR = OwnStop.BEHIND_MIRROR
    OTHER_COPY = OwnStop.OTHER_COPY
    UNKNOWN = ""


_OWN: Final = frozenset(StopCode(each) for each in OwnStop)


@dataclass(frozen=True, slots=True)
class Stop:
    """`reason` is what head office's people wrote, or words for the technician."""

    code: StopCode
    reason: str

    @property
    def is_own(self) -> bool:
        """The till found it itself: head office knows nothing of it yet."""
        return self.code in _OWN
