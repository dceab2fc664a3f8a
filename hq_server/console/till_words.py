"""Owns what the console says of what tills found themselves: each trouble and what a person does next, and why a till stopped. `finding_words` and `words` look them up."""

from collections.abc import Mapping
from typing import Final

from hq_server.console.catalogues import N_
from hq_server.exceptions.kinds import ExceptionCode
from sync.till_trouble import NO_PRINTER, MirrorFault, OwnStop

TROUBLES: Final[Mapping[str, tuple[str, str]]] = {
    ExceptionCode.JOURNAL_DIFFERS: (
        N_("A till's journal and head office's record of it do not agree"),
        N_("Compare both with tongchu journal verify --hq. Until they agree the till goes on as if offline."),
    ),
    ExceptionCode.ENTRY_TOO_LARGE: (
        N_("A till cannot send an entry, which is refused as too large"),
        N_("Let the proxy before head office take bodies of a mebibyte. The entries behind it wait at the till."),
    ),
    ExceptionCode.ROWS_NOT_TRUSTED: (
        N_("A till did not take rules or keys, because their signature does not hold"),
        N_("Find out who published them; publish the rulebook again with a key that is valid."),
    ),
    ExceptionCode.SYNC_FAILED: (
        N_("A till's sync fails for another reason than its line"),
        N_("Give a technician the reason that the till told. The till goes on as if offline."),
    ),
    ExceptionCode.STOPPED_HERE: (
        N_("A till found by itself that it must not go on, and takes no money"),
        N_("Call the store: it uses another till until this one is mended. Why it stopped, and what helps:"),
    ),
    ExceptionCode.EPOCH_BEHIND: (
        N_("A till has seen more than head office holds: head office was restored from a backup"),
        N_(
            "Run tongchu hq new-epoch. Until then such tills are refused and go on as if offline; they push again what head office lost."
        ),
    ),
    ExceptionCode.MIRROR_FAULT: (
        N_("A till's mirror has not been written for ten minutes or more"),
        N_("The till sells on, but what it has not sent yet is on one disk only. Call the store. Why:"),
    ),
}
"""What happened, and what a person does next."""

PRINTERS: Final[dict[str, str]] = {
    "ready": N_("Ready"),
    "paper_out": N_("Paper out"),
    "offline": N_("Not reached"),
    "stopped": N_("Printing stopped"),
    NO_PRINTER: N_("None"),
}
"""How a till told that its printers are."""
FOUND_HERE: Final[dict[str, str]] = {
    OwnStop.PUT_BACK: N_(
        "Its disk was put back to an older state: head office holds newer entries. Put the newer disk in again; if it is lost, stop the till here and take the other copy over."
    ),
    OwnStop.ENTRY_DIFFERS: N_(
        "There are two copies of its journal: head office holds another entry in the place of one of the till's. Find the other machine before anybody lets this one go on."
    ),
    OwnStop.ENTRY_ROTTEN: N_(
        "An entry on its disk is not what was written. Plug its mirror in; without one a technician runs tongchu journal declare-hole at the till."
    ),
    OwnStop.BEHIND_MIRROR: N_(
        "Its disk was put back to an older state: its mirror holds newer entries. Put the newer disk in again, or recover the till from the mirror."
    ),
    OwnStop.OTHER_COPY: N_(
        "Head office waits for another copy of its journal; this machine is the one that it followed. "
        "Find the other machine; if there is none, press No other copy on the page of tills."
    ),
    MirrorFault.MISSING: N_("Its mirror is not there. Plug the stick in, or see that its folder can be written."),
    MirrorFault.FULL: N_("Its mirror's disk is full. Free space on it, or plug in a larger one."),
    MirrorFault.FOREIGN: N_(
        "Its mirror holds another history than its journal. Plug in this till's own, or an empty one; keep the other."
    ),
    MirrorFault.FAILED: N_("Its mirror cannot be written or read. Plug in another stick; keep the old one."),
}
"""Why, and what helps."""
