"""Owns what this till tells a head office that came back from a backup, of the epoch that is over (H1): rulebooks that it holds and head office may lack, and who may not pay.

The replica of that epoch is where this stands on the disk: it goes with the pull that follows, so that a cycle that is cut tells again. Used by the cycle.
"""

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from sync.client import HqClient
from sync.errors import HqBusy, HqRefused, TokenExpired
from sync.messages import Session
from sync.remembered import REMEMBERED_MAX, HeldRulebook, Remembered, RememberedReply, digest_of
from terminal.replica import Replica

_log = logging.getLogger(__name__)
T = TypeVar("T")
_NOTHING: Final = RememberedReply()


class Remembering:
    """Use from one thread. What head office cannot take, or an older one does not ask for, holds up nothing; without an answer the replica stays until there is one."""

    def __init__(self, client: HqClient, replica: Replica) -> None:
        self._client = client
        self._replica = replica

    def bring_rulebooks(self, session: Session) -> None:
        """Before the push: entries are applied by the rulebook that they name (L8)."""
        if not self._is_of_before(session):
            return
        rows = {row.version: row for row in self._replica.rulebook_rows()}
        held = (HeldRulebook(version=each.version, digest=digest_of(each.document)) for each in rows.values())
        for part in _in_parts(held):
            for version in self._tell(Remembered(held=part)).wanted:
                if version in rows:
                    self._tell(Remembered(rulebooks=(rows[version],)))

    def tell_standings(self, session: Session) -> None:
        """After the push: what this till's own entries say head office has from them."""
        if self._is_of_before(session):
            for part in _in_parts(self._replica.blocked()):
                self._tell(Remembered(standings=part))

    def _is_of_before(self, session: Session) -> bool:
        return not self._replica.was_deleted() and self._replica.epoch() not in (None, session.epoch)

    def _tell(self, remembered: Remembered) -> RememberedReply:
        try:
            return self._client.remembered(remembered)
        except (HqBusy, TokenExpired):
            raise
        except HqRefused as refused:
            _log.warning("head office does not take what this till remembers: %s", refused)
            return _NOTHING


def _in_parts(rows: Iterable[T]) -> Iterator[tuple[T, ...]]:
    left = iter(rows)
    while part := tuple(islice(left, REMEMBERED_MAX)):
        yield part
