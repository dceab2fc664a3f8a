"""Reading a member at head office just before a payment, within a short deadline; no answer means that the payment is decided offline.

A connection of its own, because the sync worker's may be busy; the token is the one that the last cycle got.
"""

from collections.abc import Callable

from sync.client import HqClient
from sync.errors import SyncError
from sync.messages import FindMember, FoundMembers
from terminal.journal import Journal
from terminal.replica import Replica


class OnlineReader:
    """Use from one thread at a time. `token` gives the present session's, empty while there is none."""

    def __init__(
        self, client: HqClient, token: Callable[[], str], journal: Journal, replica: Replica, *, deadline_s: float
    ) -> None:
        self._client = client
        self._token = token
        self._journal = journal
        self._replica = replica
        self._deadline_s = deadline_s

    def read(self, wanted: FindMember) -> FoundMembers | None:
        """The rows are in the replica when it returns, but for those of members in doubt (H9). None: no answer in time, or of another epoch."""
        self._client.token = self._token()
        if not self._client.token:
            return None
        try:
            found = self._client.find_member(wanted, timeout_s=self._deadline_s)
        except SyncError:
            return None
        if found.epoch != self._journal.head_office.epoch:
            return None
        in_doubt = self._journal.outcomes.members_in_doubt()
        for row in found.members:
            self._replica.take_member(row, found.epoch, in_doubt)
        return found
