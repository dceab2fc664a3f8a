"""Owns the stable code of each error that ends a cycle: unreachable, busy, stopped, or a `Trouble`. Pure."""

from sync.errors import HqBusy, HqRefused, HqUnreachable, SyncError
from terminal.journal import JournalError
from terminal.replica import ReplicaError
from terminal.syncing.errors import EntryTooLarge, SanityMismatch, SyncingError, TillStopped
from terminal.troubles import Trouble


def code_of(error: Exception) -> str:
    match error:
        case HqUnreachable():
            return "unreachable"
        case HqBusy():
            return "busy"
        case TillStopped():
            return "stopped"
        case JournalError() | ReplicaError() | OSError():
            return Trouble.STORAGE
        case HqRefused(code=Trouble.HQ_OLDER | Trouble.TILL_OLDER | Trouble.HQ_RESTORED as code):
            return code
        case SanityMismatch():
            return Trouble.DIFFERS
        case EntryTooLarge():
            return Trouble.TOO_LARGE
        case SyncError() | SyncingError():
            return Trouble.REFUSED
        case _:
            return Trouble.DEFECT
