"""What a till tells head office of itself with a session: how it stands, and trouble that only it has seen. Part of `sync.messages`."""

from enum import StrEnum
from typing import Final

import msgspec

from sync.message_types import prepare

STOPPED_HERE: Final = "stopped_here"
MIRROR_FAULT: Final = "mirror_fault"
NO_PRINTER: Final = "none"


class OwnStop(StrEnum):
    """Why a till stops by what it finds itself, the `reason` of `STOPPED_HERE`: head office holds entries that the journal lacks; it holds another entry in the place of one of the
    journal's; bytes of an entry have changed and no mirror has them; the mirror holds entries that the journal lacks; a copy is to be taken over, and this is not it."""

    PUT_BACK = "put_back"
    ENTRY_DIFFERS = "entry_differs"
    ENTRY_ROTTEN = "entry_rotten"
    BEHIND_MIRROR = "behind_mirror"
    OTHER_COPY = "other_copy"


class MirrorFault(StrEnum):
    """Why the journal's second copy is not being written, the `reason` of `MIRROR_FAULT`: its disk is not there, or full; it holds another history; it cannot be used."""

    MISSING = "mirror_missing"
    FULL = "mirror_full"
    FOREIGN = "mirror_foreign"
    FAILED = "mirror_failed"


class TillTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """What ended the till's last cycle, or was not taken by it: a stable code (differs, entry_too_large, not_trusted, refused, storage, stopped_here,
    mirror_fault) and its words for a technician. `reason`: a second code, where the first has several; empty else."""

    code: str
    words: str = ""
    reason: str = ""


class TillStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What people at head office ask of a till. `journal_head`: the seq of its newest entry; what head office does not hold of that waits at the till. `printer`: ready, paper_out,
    offline, stopped, or none; `print_jobs`: how many are not on paper yet."""

    journal_head: int
    printer: str = ""
    print_jobs: int = 0


prepare(globals())
