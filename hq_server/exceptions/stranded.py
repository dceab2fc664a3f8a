"""Owns the exception that value left one member for another and does not arrive (H11): in transit by the books, and no transfer is under way that will bring it.

Called by the schedule of head office's runs, once a business day: it reads every day's rollups of the one account and what waits for them.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from hq_server.database.engine import Database, ReadSession
from hq_server.database.models import ExceptionRecord, ExceptionState, OpenTransfer, Outbox, Rollup
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_for_head_office
from hq_server.feed.outbox import decode_change
from hq_server.own_journal.place import OWN_STORE, business_day
from stored_value.postings import Account

TRANSIT_SUBJECT: Final = "transit"
_UNDER_WAY: Final = timedelta(hours=1)
"""A second leg that a crash left to the next run is written within minutes; one that fails for longer needs a person."""


def watch_transit(database: Database, clock: Callable[[], datetime]) -> bool:
    """Whether one was raised: none while one is open, nor again on the day on which one was settled."""
    now = clock()
    with database.read() as session:
        lying = {day_of: minor for day_of, minor in _in_transit(session).items() if minor}
        begun = session.scalars(select(OpenTransfer.begun_at)).all()
        stores = _by_store(lying)
        if not any(stores.values()) or any(at > now - _UNDER_WAY for at in begun) or _is_raised(session):
            return False
    since = min(on for (store_id, on) in lying if stores[store_id])
    data: dict[str, int | str] = {
        "in_transit_minor": sum(map(abs, stores.values())),
        "since": since.isoformat(),
        "transfers": len(begun),
    }
    finding = TillFinding(code=ExceptionCode.TRANSIT_STRANDED, data=data, on=business_day(now))
    with database.write() as session:
        return raise_for_head_office(session, TRANSIT_SUBJECT, finding, now=now)


_DayOf = tuple[str, date]
"""A business day of a store."""


def _in_transit(session: ReadSession) -> Mapping[_DayOf, int]:
    """By store and business day, as of one moment: what was sequenced and what waits for it."""
    lying: defaultdict[_DayOf, int] = defaultdict(int)
    sums = select(Rollup.store_id, Rollup.business_date, func.sum(Rollup.amount_minor)).where(
        Rollup.account == Account.TRANSIT
    )
    for store_id, on, amount in session.execute(sums.group_by(Rollup.store_id, Rollup.business_date)):
        lying[store_id, on] += int(amount)
    for payload in session.scalars(select(Outbox.payload)):
        for delta in decode_change(payload).deltas:
            if delta.account == Account.TRANSIT:
                lying[delta.store_id, delta.business_date] += delta.amount_minor
    return lying


def _by_store(lying: Mapping[_DayOf, int]) -> Mapping[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for (store_id, _), minor in lying.items():
        sums[store_id] += minor
    return sums


def _is_raised(session: ReadSession) -> bool:
    wanted = select(ExceptionRecord.subject).where(
        ExceptionRecord.state == ExceptionState.OPEN,
        ExceptionRecord.store_id == OWN_STORE,
        ExceptionRecord.code == ExceptionCode.TRANSIT_STRANDED,
    )
    return session.scalars(wanted.limit(1)).first() is not None
