"""Owns the way from receipts to their exceptions, open and settled. Reads only; called by the console, where a figure stands on receipts that a person has to look at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from hq_server.database.among import pair_among
from hq_server.database.engine import ReadSession
from hq_server.database.models import ExceptionRecord, ExceptionState
from hq_server.exceptions.handling import ExceptionKey
from hq_server.exceptions.raising import subject_of_entry
from hq_server.settlement.explanation import ExplainedReceipt
from stored_value.identity import EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutReceipt:
    """`resolution` is empty while it is open."""

    key: ExceptionKey
    state: ExceptionState
    resolution: str

    @property
    def is_open(self) -> bool:
        return self.state is ExceptionState.OPEN


About = Mapping[EventId, tuple[AboutReceipt, ...]]
"""By receipt, in the order of their codes; receipts that nobody has to look at are missing."""


def about_receipts(session: ReadSession, receipts: Iterable[ExplainedReceipt]) -> About:
    entries = {
        (str(each.store_id), subject_of_entry(each.terminal_id, each.incarnation, each.seq)): each.event_id
        for each in receipts
    }
    found: defaultdict[EventId, list[AboutReceipt]] = defaultdict(list)
    record = ExceptionRecord
    wanted = select(record.store_id, record.subject, record.code, record.state, record.resolution).where(
        pair_among(record.store_id, record.subject, entries)
    )
    for store_id, subject, code, state, resolution in session.execute(wanted.order_by(record.code)):
        about = AboutReceipt(
            key=ExceptionKey(store_id, subject, code), state=ExceptionState(state), resolution=resolution
        )
        found[entries[store_id, subject]].append(about)
    return {event_id: tuple(each) for event_id, each in found.items()}
