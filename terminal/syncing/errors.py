"""What a sync cycle finds beside the errors of `sync.errors`.

SyncingError
├── TillStopped        HQ or the chain says that this journal must not go on; told to people, kept in the journal
├── EpochOver          HQ began a new epoch during the cycle: open a new session and start again
├── EntryTooLarge      one entry alone is refused for its size: those behind it wait, and people are told
└── SanityMismatch     both sides finished and do not agree; shown, not hidden
"""

from collections.abc import Mapping
from typing import Final

from terminal.stops import StopCode

STOPPING_CODES: Final[Mapping[str, StopCode]] = {
    code: code for code in (StopCode.BY_HEAD_OFFICE, StopCode.REVOKED, StopCode.FORKED, StopCode.BROKEN)
}
"""HQ's refusals after which this till must not go on before people have looked."""


class SyncingError(Exception):
    """Root of this tree."""


class TillStopped(SyncingError):
    pass


class EpochOver(SyncingError):
    pass


class EntryTooLarge(SyncingError):
    pass


class SanityMismatch(SyncingError):
    pass
