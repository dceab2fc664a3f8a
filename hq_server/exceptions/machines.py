"""Owns when head office takes a till's machine for another one than before (H6): told with each session, raised once a day and till. Called by sessions, in their unit of work.

Clones are detected, not prevented: the first machine is taken at its word.
"""

import logging
from datetime import datetime
from typing import Final

from hq_server.database.engine import WriteSession
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_about_till
from hq_server.terminals.rows import TerminalRow

logger = logging.getLogger(__name__)
_MARK_CHARS: Final = 12
"""As much of a machine's mark as tells two apart when people compare them."""
_UNMARKED: Final = "unmarked"
"""Stands for a machine whose marks cannot be read, where there is another that it could be mistaken for."""


def is_known_machine(session: WriteSession, terminal: TerminalRow, mark: str, *, now: datetime) -> bool:
    """Another one works, but spends no lease before a person has confirmed it: its disk may be a copy. One whose marks cannot be read is another one than any that was known."""
    if not terminal.machine_mark:
        terminal.machine_mark = mark
        return True
    seen = mark or _UNMARKED
    if seen == terminal.machine_mark:
        terminal.machine_seen = ""
        return True
    if terminal.machine_seen != seen:
        logger.error("a till came from another machine", extra={"terminal_id": terminal.terminal_id})
        terminal.machine_seen = seen
        data = {"machine": seen[:_MARK_CHARS], "known_machine": terminal.machine_mark[:_MARK_CHARS]}
        found = TillFinding(code=ExceptionCode.MACHINE_CHANGED, data=data, on=now.date(), reopens=True)
        raise_about_till(session, terminal, found, now=now)
    return False
