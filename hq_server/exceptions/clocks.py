"""Owns when head office calls a till's clock wrong: told with each session, raised once a day and till. Called by sessions, in their unit of work."""

from datetime import datetime, timedelta
from typing import Final

from hq_server.database.engine import WriteSession
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_about_till
from hq_server.terminals.rows import TerminalRow

CLOCK_OFF_AT: Final = timedelta(minutes=5)


def notice_clock(session: WriteSession, terminal: TerminalRow, till_time: datetime, *, now: datetime) -> None:
    off = till_time - now
    if abs(off) >= CLOCK_OFF_AT:
        data = {"off_s": int(off.total_seconds())}
        found = TillFinding(code=ExceptionCode.CLOCK_OFF, data=data, on=now.date())
        raise_about_till(session, terminal, found, now=now)
