"""Owns head office's runs: finds by index the wallets on which something is due, and writes what is due on them; finishes transfers that a crash left half-done.

Run again, interrupted, or by two processes at once, it does everything once: each unit of work decides on locked wallets, and events are named after their causes.
One member's failure is logged and reported and stops nobody else.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select, tuple_, update

from hq_server.database.engine import ReadSession
from hq_server.database.models import OpenTransfer, WalletEventRecord, WalletRecord
from hq_server.own_journal.desk import Desk
from hq_server.own_journal.journal import OwnEventFaulty, OwnJournal
from hq_server.own_journal.place import Moment
from hq_server.own_journal.planning import due_events, second_leg, sweep
from hq_server.reservations.silence import is_presumed
from stored_value.due_days import next_due_day
from stored_value.events import WalletEvent
from stored_value.events_money_out import TransferredOut
from stored_value.identity import EventId, MemberId
from stored_value.merging import kept_back, sweep_is_due
from stored_value.wallet import Wallet
from sync.errors import PageError

logger = logging.getLogger(__name__)
steps = logging.getLogger("hq_server.steps")
BATCH_MEMBERS: Final = 100
PASSES_MAX: Final = 10
"""A release may be due to be swept, a sweep lands in a wallet that was merged on: each pass does what the one before brought up."""
MEMBER_FAILURES: Final = (OwnEventFaulty, PageError, ValueError, ArithmeticError, LookupError, AssertionError)
"""What a wallet that is not as it should be may bring about; everything else is the database's and ends the run."""


@dataclass(slots=True, kw_only=True)
class RunReport:
    """`events` counts what was written, by kind; `failed` names the members left as they are."""

    on: date
    looked_at: int = 0
    events: Counter[str] = field(default_factory=Counter)
    failed: list[MemberId] = field(default_factory=list)


def run_day(desk: Desk, moment: Moment, *, skip: frozenset[MemberId] = frozenset()) -> RunReport:
    """Everything that is due up to `moment.on`, the members of `skip` left out. May raise `DatabaseBusy` or `StorageFull`; what was done until then stays done."""
    report = RunReport(on=moment.on)
    for _ in range(PASSES_MAX):
        before = report.events.total()
        _finish_transfers(desk, moment, report)
        for members in _due_members(desk, moment.on):
            wanted = [each for each in members if each not in skip and each not in report.failed]
            _look_at(desk, moment, wanted, report)
        if report.events.total() == before:
            break
    if report.events:
        desk.tell()
        logger.info("head office's run wrote %s", dict(report.events), extra={"on": moment.on.isoformat()})
    return report


def _due_members(desk: Desk, on: date) -> Iterator[list[MemberId]]:
    """Batches by the index of `due_on`; each member once a pass, however the day moves meanwhile."""
    after: tuple[date, str] | None = None
    while True:
        with desk.database.read() as session:
            wanted = select(WalletRecord.due_on, WalletRecord.member_id).where(WalletRecord.due_on <= on)
            if after is not None:
                wanted = wanted.where(tuple_(WalletRecord.due_on, WalletRecord.member_id) > tuple_(*after))
            found = session.execute(
                wanted.order_by(WalletRecord.due_on, WalletRecord.member_id).limit(BATCH_MEMBERS)
            ).all()
        if not found:
            return
        due_on, member_id = found[-1]
        assert due_on is not None
        after = due_on, member_id
        yield [MemberId(row.member_id) for row in found]


def _look_at(desk: Desk, moment: Moment, members: Sequence[MemberId], report: RunReport) -> None:
    """A batch in one unit of work; when it fails, member by member."""
    if not members:
        return
    try:
        written = desk.write(moment.now, lambda journal: _write_due(desk, journal, moment, members))
    except MEMBER_FAILURES:
        if len(members) > 1:
            for member_id in members:
                _look_at(desk, moment, [member_id], report)
            return
        logger.exception("head office's run leaves a member out", extra={"member_id": members[0]})
        report.failed.append(members[0])
        return
    steps.debug("own entries written", extra={"step": "own_entries_written", "rows": len(written)})
    report.looked_at += len(members)
    report.events.update(event.kind for event in written)


def _write_due(desk: Desk, journal: OwnJournal, moment: Moment, members: Sequence[MemberId]) -> tuple[WalletEvent, ...]:
    wallets = journal.wallets_to_decide_on(members)
    events: list[WalletEvent] = []
    for wallet in wallets.values():
        events.extend(_planned(desk, journal, moment, wallet))
    written = journal.write(events)
    moved = {event.member_id for event in written}
    _look_again_later(desk, journal, moment, {each: wallet for each, wallet in wallets.items() if each not in moved})
    return written


def _planned(desk: Desk, journal: OwnJournal, moment: Moment, wallet: Wallet) -> list[WalletEvent]:
    events = list(due_events(wallet, moment, journal.rulebooks, desk.committed(wallet, moment.on)))
    if events or not sweep_is_due(wallet):
        return events
    cause = newest_event(journal.session, wallet.member_id)
    leg = sweep(wallet, cause, moment, journal.rulebooks.in_force(moment.now).version)
    return [] if leg is None else [leg]


def newest_event(session: ReadSession, member_id: MemberId) -> EventId:
    found = session.scalars(
        select(WalletEventRecord.event_id)
        .where(WalletEventRecord.member_id == member_id)
        .order_by(WalletEventRecord.version.desc())
        .limit(1)
    ).one()
    return EventId(found)


def _look_again_later(desk: Desk, journal: OwnJournal, moment: Moment, wallets: Mapping[str, Wallet]) -> None:
    """Nothing was due, or a lease or hold keeps it: then tomorrow again, however it ends."""
    book = journal.rulebooks.in_force(moment.now)
    for member_id, wallet in wallets.items():
        day = next_due_day(wallet, book, after=moment.on)
        if desk.committed(wallet, moment.on) or kept_back(wallet):
            # What a silent till may have is free as soon as it reports, and no wallet changes by that.
            next_look = moment.on if any(map(is_presumed, wallet.reservations)) else moment.on + timedelta(days=1)
            day = next_look if day is None else min(day, next_look)
        journal.session.execute(
            update(WalletRecord)
            .where(WalletRecord.member_id == member_id)
            .values(due_on=day)
            .execution_options(synchronize_session=False)
        )


def _finish_transfers(desk: Desk, moment: Moment, report: RunReport) -> None:
    """Writes the second leg wherever a first one stands alone, oldest first."""
    with desk.database.read() as session:
        waiting = session.execute(
            select(OpenTransfer.member_id, OpenTransfer.transfer_id).order_by(OpenTransfer.begun_at)
        ).all()
    for member_id, transfer_id in waiting:
        try:
            written = desk.write(moment.now, _finishing(member_id, transfer_id, moment))
        except MEMBER_FAILURES:
            logger.exception("a transfer cannot be finished", extra={"transfer_id": transfer_id})
            report.failed.append(MemberId(member_id))
            continue
        report.events.update(event.kind for event in written)


def _finishing(member_id: str, transfer_id: str, moment: Moment) -> Callable[[OwnJournal], tuple[WalletEvent, ...]]:
    def finish(journal: OwnJournal) -> tuple[WalletEvent, ...]:
        row = journal.session.get(OpenTransfer, (member_id, transfer_id), populate_existing=True)
        if row is None:
            return ()
        first = journal.entry_event(row.seq)
        assert isinstance(first, TransferredOut), "an open transfer names its first leg"
        journal.session.expunge(row)
        journal.wallets([first.to_member_id])
        return journal.write([second_leg(first, moment)])

    return finish


def finish_transfer(desk: Desk, moment: Moment, member_id: MemberId, transfer_id: EventId) -> None:
    """The second leg of one transfer; nothing when it is there already."""
    desk.write(moment.now, _finishing(member_id, transfer_id, moment))
