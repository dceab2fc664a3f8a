"""Reading a member at head office just before a payment, within a short deadline; no answer means that the payment is decided offline.

A connection of its own, because the sync worker's may be busy; the token is the one that the last cycle got.
"""

from collections.abc import Callable

from sync.client import HqClient
from sync.errors import SyncError
from sync.messages import FindMember, FoundMembers

_PHASES = 2
"""Connecting and reading each get their share, so that both together keep the deadline."""


class OnlineReader:
    """Use from one thread at a time. `token` gives the present session's, empty while there is none."""

    def __init__(self, client: HqClient, token: Callable[[], str], *, deadline_s: float) -> None:
        self._client = client
        self._token = token
        self._deadline_s = deadline_s

    def read(self, wanted: FindMember) -> FoundMembers | None:
        """None: no answer in time. The caller looks at the epoch and puts the rows into the replica."""
        self._client.token = self._token()
        if not self._client.token:
            return None
        try:
            return self._client.find_member(wanted, timeout_s=self._deadline_s / _PHASES)
        except SyncError:
            return None
