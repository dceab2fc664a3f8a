"""What the strip and each refusal say of a till that has been stopped: why, in words for a cashier. One row a code, so that none can be forgotten (a test walks `StopCode`).

`{reason}` stands for what head office's people wrote. Words only.
"""

from collections.abc import Mapping
from typing import Final

from terminal.language import Texts, later
from terminal.stops import StopCode

_STOPPED: Final = (
    later("Till stopped: use another one, call head office"),
    later("Head office has to look at it first."),
)
_TWO_COPIES: Final = (
    later("Two copies, till stopped: call head office"),
    later("There are two copies of this till's journal, and nobody knows yet which one is right."),
)
_SAID: Final[Mapping[StopCode, tuple[str, str]]] = {
    StopCode.BY_HEAD_OFFICE: (
        later("Stopped by head office: {reason}"),
        later("Head office stopped it: {reason}"),
    ),
    StopCode.REVOKED: (
        later("Revoked by head office: {reason}"),
        later("Head office revoked it for good: {reason}"),
    ),
    StopCode.FORKED: _TWO_COPIES,
    StopCode.BROKEN: (
        later("Damaged journal, till stopped: call head office"),
        later("Its journal does not hold together."),
    ),
    StopCode.PUT_BACK: (
        later("Old disk, till stopped: call head office"),
        later("Its disk was put back to an older state: head office holds entries that it has not."),
    ),
    StopCode.ENTRY_DIFFERS: _TWO_COPIES,
    StopCode.ENTRY_ROTTEN: (
        later("Damaged entry, till stopped: call head office"),
        later("An entry on its disk is not what was written."),
    ),
    StopCode.BEHIND_MIRROR: (
        later("Old disk, till stopped: call head office"),
        later("Its disk was put back to an older state: its mirror holds entries that it has not."),
    ),
    StopCode.OTHER_COPY: (
        later("Another copy took over: call head office"),
        later("Head office goes on with another copy of this till."),
    ),
    StopCode.UNKNOWN: _STOPPED,
}


def on_the_strip(code: StopCode, reason: str, texts: Texts) -> str:
    return texts.t(_said(code, reason)[0], reason=reason)


def why_stopped(code: StopCode, reason: str, texts: Texts) -> str:
    return texts.t(_said(code, reason)[1], reason=reason)


def _said(code: StopCode, reason: str) -> tuple[str, str]:
    return _SAID[code] if reason else _STOPPED
