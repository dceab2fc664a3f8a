"""Owns the exception that offline spending could cost more than the limit: raised for head office, at most one at a time and one a day, until a person settles it.

Called by the schedule of head office's runs, and by whoever wants it looked at now.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import select

from hq_server.database.engine import Database, ReadSession
from hq_server.database.models import ExceptionRecord, ExceptionState
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_for_head_office
from hq_server.ingest.rulebook_shelf import RulebookShelf
from hq_server.own_journal.place import OWN_STORE, business_day
from hq_server.reservations.exposure import exposure

EXPOSURE_SUBJECT: Final = "exposure"


def watch_exposure(database: Database, rulebooks: RulebookShelf, clock: Callable[[], datetime]) -> bool:
    """Whether one was raised. What was settled is not raised again on the same business day; the next day it is, while the figure is still above the limit."""
    now = clock()
    with database.read() as session:
        found = exposure(session, rulebooks.all(session), now)
        if not found.alert or open_exposure(session) is not None:
            return False
    data = {"worst_minor": found.worst_minor, "limit_minor": found.policy.exposure_alert_minor}
    finding = TillFinding(code=ExceptionCode.EXPOSURE_ABOVE_LIMIT, data=data, on=business_day(now))
    with database.write() as session:
        return raise_for_head_office(session, EXPOSURE_SUBJECT, finding, now=now)


def open_exposure(session: ReadSession) -> ExceptionRecord | None:
    """The one that waits for a person."""
    return session.scalars(
        select(ExceptionRecord).where(
            ExceptionRecord.state == ExceptionState.OPEN,
            ExceptionRecord.store_id == OWN_STORE,
            ExceptionRecord.code == ExceptionCode.EXPOSURE_ABOVE_LIMIT,
        )
    ).first()
