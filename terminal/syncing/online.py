"""Asking head office just before a payment, within a short deadline: a member read, or value held. No answer means that the payment is decided offline.

A connection of its own, because the sync worker's may be busy; the token is the one that the last cycle got.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from sync.client import HqClient
from sync.errors import SyncError
from sync.messages import FindMember, FoundMembers, HoldReply, HoldRequest

_WAIT_SHARE: Final = 0.5
"""Of the deadline head office may use that much for getting leases back from other tills (recall), so that its answer still arrives."""


class OnlineReader:
    """Use from one thread at a time. `token` gives the present session's, empty while there is none. `deadline_s` is for the whole of a question: finding head office by
    its name, the line, what is asked, and all of the answer; `on_missed` is called when there was none."""

    def __init__(
        self,
        client: HqClient,
        token: Callable[[], str],
        *,
        deadline_s: float,
        on_missed: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._token = token
        self._deadline_s = deadline_s
        self._on_missed = on_missed

    def read(self, wanted: FindMember) -> FoundMembers | None:
        """None: no answer in time. The caller looks at the epoch and puts the rows into the replica."""
        if not self._has_token():
            return None
        try:
            return self._client.find_member(wanted, deadline_s=self._deadline_s)
        except SyncError:
            self._on_missed()
            return None

    def hold(self, wanted: HoldRequest) -> HoldReply | None:
        """None: no answer in time; the value may be held all the same."""
        if not self._has_token():
            return None
        asked = replace(wanted, wait_ms=int(self._deadline_s * _WAIT_SHARE * 1000))
        try:
            return self._client.hold(asked, deadline_s=self._deadline_s)
        except SyncError:
            self._on_missed()
            return None

    def _has_token(self) -> bool:
        self._client.token = self._token()
        return bool(self._client.token)
