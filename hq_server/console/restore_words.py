"""Owns what the console says after head office came back from a backup: what happened and what a person does next. `finding_words` looks them up."""

from collections.abc import Mapping
from typing import Final

from hq_server.console.catalogues import N_
from hq_server.exceptions.kinds import ExceptionCode

RESTORES: Final[Mapping[str, tuple[str, str]]] = {
    ExceptionCode.HEAD_OFFICE_RESTORED: (
        N_("Head office came back from a backup: what it decided by itself since then is gone"),
        N_(
            "Tills send again what happened at the counter, but not what was decided here. Go through what was done here after the time below, and do again what is "
            "missing: cards reported lost, frozen and closed accounts, merges and transfers; tills stopped or revoked; staff dismissed and their PINs; members' PINs taken "
            "away; decisions about suspense; refunds for dead tills; write-offs; rulebooks; erased persons. Then settle this."
        ),
    ),
}
