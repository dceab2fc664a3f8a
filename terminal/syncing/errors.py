"""What a sync cycle finds beside the errors of `sync.errors`.

SyncingError
├── TillStopped        HQ or the chain says that this journal must not go on; told to people, kept in the journal
├── EpochOver          HQ began a new epoch during the cycle: open a new session and start again
├── EntryTooLarge      one entry alone is refused for its size: those behind it wait, and people are told
└── SanityMismatch     both sides finished and do not agree; shown, not hidden
"""

from typing import Final

STOPPING_CODES: Final = frozenset({"terminal_stopped", "terminal_revoked", "journal_forked", "journal_broken"})
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
