"""What can go wrong with the till's own memory.

JournalError
├── DiskFull            nothing was written; free space, the till goes on by itself
├── DiskFault           the disk could not be read or written; what was being written is not in the journal of this run
├── JournalInUse        another process of this machine holds the journal
├── JournalDamaged      SQLite or the chain says that the file is not what was written
│   └── EntryRotten         one entry's bytes; the mirror may still have them
├── JournalTooNew       written by a newer program
├── NotEnrolled         the till has no identity yet
└── ShiftStateConflict  a shift event that does not fit the shifts in the journal: a bug of the caller
"""


class JournalError(Exception):
    """Root of this tree; no sqlite3 error leaves the package."""


class DiskFull(JournalError):
    pass


class DiskFault(JournalError):
    pass


class JournalInUse(JournalError):
    pass


class JournalDamaged(JournalError):
    pass


class EntryRotten(JournalDamaged):
    """One entry's bytes are not those that were written."""

    def __init__(self, message: str, seq: int) -> None:
        super().__init__(message)
        self.seq = seq


class JournalTooNew(JournalError):
    pass


class NotEnrolled(JournalError):
    pass


class ShiftStateConflict(JournalError):
    pass
