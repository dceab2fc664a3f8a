"""What can go wrong with the till's copy of head office's truth. None of it loses anything: the file can always be fetched again.

ReplicaError
├── ReplicaUnreadable     the file is damaged, or the disk is full; the till goes on without it until the next snapshot
├── ReplicaWithoutRoom    a snapshot would leave the journal no room on the disk: it is not even fetched
└── ReplicaOutdated       a snapshot or page older than what this till has already shown (H1)
"""


class ReplicaError(Exception):
    """Root of this tree; no sqlite3 error leaves the package."""


class ReplicaUnreadable(ReplicaError):
    pass


class ReplicaWithoutRoom(ReplicaError):
    pass


class ReplicaOutdated(ReplicaError):
    pass
