"""The protocol's versions: named, dated, each with its reason; and which of them two programs of different age can speak. docs/PROTOCOL.md holds the same table.

A till and head office say their version in every request and answer. Head office serves its own version and the one before, so that tills are updated one by one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """Names sort as they followed each other: a date, with a number when it was not the day's first."""

    name: str
    reason: str


VERSIONS: Final = (
    ProtocolVersion("2026-11-23", "The first: entries, sessions, push, feed, snapshots, reading a member."),
    ProtocolVersion("2026-11-23.2", "Holds, leases, reports and the live channel; a session tells the till's clock."),
)
CURRENT: Final = VERSIONS[-1].name
PREVIOUS: Final = VERSIONS[-2].name
HOLDS_SINCE: Final = "2026-11-23.2"
TOO_NEW: Final = "protocol_too_new"
TOO_OLD: Final = "protocol_too_old"


class Standing(StrEnum):
    """How another program's version stands to ours."""

    SPOKEN = "spoken"
    TOO_NEW = TOO_NEW
    TOO_OLD = TOO_OLD


def standing_of(name: str) -> Standing:
    """Who says nothing is taken for the version before: nobody has to know this header to ask."""
    if name in {"", CURRENT, PREVIOUS}:
        return Standing.SPOKEN
    return Standing.TOO_NEW if name > CURRENT else Standing.TOO_OLD


def knows_holds(name: str) -> bool:
    """Whether a program of that version reserves before value leaves."""
    return name >= HOLDS_SINCE
