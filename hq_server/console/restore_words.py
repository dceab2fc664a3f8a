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
    ExceptionCode.STANDING_FORGOTTEN: (
        N_("A till knows of a member who may not pay, and head office, which came back from a backup, did not"),
        N_(
            "The account is barred again until somebody has looked. Ask the member or the store, and report the loss or freeze anew on the member's page, or make the "
            "account active again. What was closed or merged has to be done once more. A member who is not enrolled here yet is barred by nobody: look again when the till "
            "of the enrolment has been heard."
        ),
    ),
    ExceptionCode.RULEBOOK_NUMBER_TWICE: (
        N_("Tills hold another rulebook under a number that was given again after a restore"),
        N_(
            "What was printed by the first one is applied by the second. Compare the receipts that are flagged with the till's promotion, and tell the members who were "
            "given less than promised."
        ),
    ),
}
