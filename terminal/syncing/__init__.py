"""Bringing journal and replica together with head office: one cycle after the other, in the order of `cycle`, driven by `worker`."""

from terminal.syncing.cycle import CycleReport, SyncCycle
from terminal.syncing.errors import EpochOver, SanityMismatch, SyncingError, TillStopped
from terminal.syncing.live import LiveChannel
from terminal.syncing.online import OnlineReader
from terminal.syncing.open_line import OpenLine
from terminal.syncing.worker import SyncStatus, SyncWorker

__all__ = [
    "CycleReport",
    "EpochOver",
    "LiveChannel",
    "OnlineReader",
    "OpenLine",
    "SanityMismatch",
    "SyncCycle",
    "SyncStatus",
    "SyncWorker",
    "SyncingError",
    "TillStopped",
]
