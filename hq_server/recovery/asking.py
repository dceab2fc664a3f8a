"""Owns a till's asking for leave to take over a dead one of its store: an exception that leads a person to the page where it is given or refused. Nothing else happens by it.

Called by the endpoint.
"""

from typing import Final

from hq_server.errors import ApiProblem
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_about_till
from hq_server.office import Office
from hq_server.own_journal.place import business_day
from hq_server.sessions.tokens import TillToken
from hq_server.terminals.rows import read_terminal
from stored_value.identity import TerminalId
from sync.recovery import RecoveryAsk, RecoveryAsked

_NAME_CHARS_MAX: Final = 64
_YES: Final = "✓"
"""Of a thing that is said only when it is so; the same in every language."""


def ask_for_leave(office: Office, rescuer: TillToken, terminal_id: TerminalId, ask: RecoveryAsk) -> RecoveryAsked:
    """Once a day and dead till; asked again after it was refused, it is open again."""
    now = office.clock()
    with office.database.write() as session:
        dead = read_terminal(session, rescuer.store_id, terminal_id)
        if dead is None or dead.terminal_id == rescuer.terminal_id:
            raise ApiProblem("not_permitted", "a till asks for another one of its own store")
        data: dict[str, int | str] = {
            "by": rescuer.terminal_id,
            "technician": ask.technician.strip()[:_NAME_CHARS_MAX],
            "copy_through": ask.copy_through,
            "held_through": dead.accepted_seq,
        }
        if ask.has_own_key:
            data["own_key"] = _YES
        found = TillFinding(code=ExceptionCode.RECOVERY_ASKED, data=data, on=business_day(now), reopens=True)
        raise_about_till(session, dead, found, now=now)
        return RecoveryAsked(held_through=dead.accepted_seq)
