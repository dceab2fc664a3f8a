"""What a till still knows of before head office came back from a backup, `POST /v1/remembered` (H1): its messages, once for both sides.

Told before the till drops the replica of the epoch that is over."""

import hashlib
from datetime import datetime
from typing import Annotated, Final

import msgspec

from stored_value.identity import MemberId
from sync.message_types import prepare
from sync.messages import Message, RulebookRow

REMEMBERED_MAX: Final = 500
"""Standings, or rulebooks by number, in one message."""


class RememberedStanding(Message, frozen=True, kw_only=True):
    """The member may not pay, by the newest block that the till holds: `status` as head office set it at or before `since`."""

    member_id: MemberId
    status: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]


class HeldRulebook(Message, frozen=True, kw_only=True):
    """`digest` is the SHA-256 of its document."""

    version: int
    digest: str


class Remembered(Message, frozen=True, kw_only=True):
    """`held` asks which of the till's rulebooks head office lacks; those it sends along, one at a time, in `rulebooks`, as they were signed."""

    standings: tuple[RememberedStanding, ...] = ()
    held: tuple[HeldRulebook, ...] = ()
    rulebooks: tuple[RulebookRow, ...] = ()


class RememberedReply(Message, frozen=True, kw_only=True):
    """`wanted`: of the rulebooks that were `held`, those that head office lacks, or has with another document."""

    wanted: tuple[int, ...] = ()


def digest_of(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


prepare(globals())
