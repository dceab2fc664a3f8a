"""The till's copy of head office's confirmed state, replica.db: filled by a snapshot, kept by the feed, disposable (L7). `Replica` is its face."""

from terminal.replica.errors import ReplicaError, ReplicaOutdated, ReplicaUnreadable, ReplicaWithoutRoom
from terminal.replica.records import ConfirmedMember, ConfirmedPurchase, Cursor, StaffMember, Store
from terminal.replica.replica import Replica
from terminal.replica.rows import MembersInDoubt

__all__ = [
    "ConfirmedMember",
    "ConfirmedPurchase",
    "Cursor",
    "MembersInDoubt",
    "Replica",
    "ReplicaError",
    "ReplicaOutdated",
    "ReplicaUnreadable",
    "ReplicaWithoutRoom",
    "StaffMember",
    "Store",
]
