"""Owns the names of what keeps this till and head office apart beyond a line that is down: what the strip says, and what the next session tells. No words for people.

Made of errors by `terminal.syncing`, carried by `terminal.counter.link`, said by the strip.
"""

from enum import StrEnum

from sync.versions import TOO_NEW, TOO_OLD


class Trouble(StrEnum):
    """`SyncStatus.code` has the same values. What head office has not said itself it is told, in words for its technician."""

    HQ_OLDER = TOO_NEW
    TILL_OLDER = TOO_OLD
    HQ_RESTORED = "epoch_behind"
    DIFFERS = "differs"
    TOO_LARGE = "entry_too_large"
    NOT_TRUSTED = "not_trusted"
    REFUSED = "refused"
    STORAGE = "storage"
    DEFECT = "defect"


def trouble_of(code: str) -> Trouble | None:
    """None for what mends itself or is said elsewhere: unreachable, busy, stopped."""
    return Trouble(code) if code in _CODES else None


_CODES = frozenset(Trouble)
