"""The till's own memory, journal.db: small, precious, append-only (L1, L7). `Journal` is its face."""

from terminal.journal.errors import (
    DiskFault,
    DiskFull,
    EntryRotten,
    JournalDamaged,
    JournalError,
    JournalInUse,
    JournalTooNew,
    NotEnrolled,
    ShiftStateConflict,
)
from terminal.journal.holes import EntryNotLost
from terminal.journal.journal import RESERVE_BYTES, Journal, Receipts, nothing_to_print
from terminal.journal.records import (
    Appended,
    FlaggedEntry,
    Head,
    Identity,
    LocalMember,
    OpenPush,
    OwnEvent,
    PinAttempts,
    Shift,
)

__all__ = [
    "RESERVE_BYTES",
    "Appended",
    "DiskFault",
    "DiskFull",
    "EntryNotLost",
    "EntryRotten",
    "FlaggedEntry",
    "Head",
    "Identity",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "JournalInUse",
    "JournalTooNew",
    "LocalMember",
    "NotEnrolled",
    "OpenPush",
    "OwnEvent",
    "PinAttempts",
    "Receipts",
    "Shift",
    "ShiftStateConflict",
    "nothing_to_print",
]
