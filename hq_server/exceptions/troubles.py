"""Owns what head office makes of a trouble that only a till has seen: told with a session, raised once a day, till and kind; and of a till that has seen more than there is.
Called by sessions, in their unit of work or, after a refusal, in one of its own.

The codes are the till's; one that this head office does not know is told as a sync that fails.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hq_server.database.engine import WriteSession
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_about_till, raise_for_head_office
from hq_server.own_journal.place import business_day
from hq_server.terminals.rows import TerminalRow
from sync.till_trouble import MIRROR_FAULT, STOPPED_HERE, TillTrouble

logger = logging.getLogger(__name__)
_WORDS_CHARS: Final = 200
_REASON_CHARS: Final = 40
RESTORED_SUBJECT: Final = "restored"
_CODES: Final[Mapping[str, ExceptionCode]] = {
    "differs": ExceptionCode.JOURNAL_DIFFERS,
    "entry_too_large": ExceptionCode.ENTRY_TOO_LARGE,
    "not_trusted": ExceptionCode.ROWS_NOT_TRUSTED,
    STOPPED_HERE: ExceptionCode.STOPPED_HERE,
    MIRROR_FAULT: ExceptionCode.MIRROR_FAULT,
}


def notice_trouble(session: WriteSession, terminal: TerminalRow, trouble: TillTrouble, *, now: datetime) -> None:
    logger.error("a till is in trouble", extra={"terminal_id": terminal.terminal_id, "code": trouble.code[:40]})
    found = TillFinding(
        code=_CODES.get(trouble.code, ExceptionCode.SYNC_FAILED),
        data=_data(trouble),
        on=now.date(),
    )
    raise_about_till(session, terminal, found, now=now)


def notice_restored(session: WriteSession, facts: Mapping[str, int | str], *, now: datetime) -> None:
    """A till has seen more of a feed than there is (H1): one exception a day, whichever tills say so, for it is about head office."""
    found = TillFinding(code=ExceptionCode.EPOCH_BEHIND, data=facts, on=business_day(now))
    raise_for_head_office(session, RESTORED_SUBJECT, found, now=now)


def _data(trouble: TillTrouble) -> dict[str, int | str]:
    """An older till gives no reason."""
    reason = {"found_here": trouble.reason[:_REASON_CHARS]} if trouble.reason else {}
    return {**reason, "why": trouble.words[:_WORDS_CHARS]}
