"""Owns the one consumer of the outbox: moves what was committed into the feeds, numbered, and adds it to the rollups, all in one unit of work (H12).

Several sequencers at once, in one process or in many, are safe: they take turns at the ledger. Called after every ingest, and by its own thread for what
another process left or a crash interrupted.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Final

from sqlalchemy import Integer, bindparam, delete, select, tuple_

from hq_server.database.among import among_given
from hq_server.database.engine import Database, DatabaseBusy, ReadSession, StorageFull, WriteSession
from hq_server.database.models import Outbox, Rollup, ScopeMember, WalletRecord
from hq_server.database.prepared import Prepared, PreparedChange
from hq_server.feed.campaigns import count_campaigns
from hq_server.feed.news import NewsBoard
from hq_server.feed.outbox import Change, decode_change
from hq_server.feed.publishing import count_sequenced, current_epoch, encode_row, heads_of, hold_ledger, number_rows
from hq_server.wallets.rows import member_rows, purchase_rows, recent_purchases
from stored_value.identity import EventId, MemberId
from sync.messages import GLOBAL_SCOPE, BlockRow, MemberExitRow, MemberRow

logger = logging.getLogger(__name__)
steps = logging.getLogger("hq_server.steps")
STEP_ROWS_MAX: Final = 1000
_CHUNK: Final = 500
RollupKey = tuple[str, date, str, str, str]
Waiting = tuple[MemberId, EventId, Change]
_WAITING: Final = Prepared(select(Outbox.member_id).limit(1))
_TAKE: Final = Prepared(
    delete(Outbox)
    .where(
        tuple_(Outbox.member_id, Outbox.event_id).in_(
            select(Outbox.member_id, Outbox.event_id)
            .order_by(Outbox.member_id, Outbox.event_id)
            .limit(bindparam("rows_max", type_=Integer))
        )
    )
    .returning(Outbox.member_id, Outbox.event_id, Outbox.payload)
)
_ADD: Final = PreparedChange(
    lambda insert: (
        adding := insert(Rollup).values({column.name: bindparam(column.name) for column in Rollup.__table__.columns})
    ).on_conflict_do_update(
        index_elements=list(Rollup.__table__.primary_key),
        set_={
            "amount_minor": Rollup.amount_minor + adding.excluded.amount_minor,
            "debit_minor": Rollup.debit_minor + adding.excluded.debit_minor,
            "count": Rollup.count + adding.excluded.count,
        },
    )
)
_STORES: Final = Prepared(
    select(ScopeMember.member_id, ScopeMember.store_id).where(among_given(ScopeMember.member_id, "members"))
)
_STANDINGS: Final = Prepared(
    select(WalletRecord.member_id, WalletRecord.status, WalletRecord.version, WalletRecord.updated_at)
    .where(among_given(WalletRecord.member_id, "members"))
    .order_by(WalletRecord.member_id)
)


def sequence_step(session: WriteSession, *, at: datetime, rows_max: int = STEP_ROWS_MAX) -> int:
    """Moves up to `rows_max` outbox rows; returns how many. 0: the outbox was empty."""
    epoch = hold_ledger(session)
    waiting = _take(session, rows_max)
    if not waiting:
        return 0
    count_sequenced(session, epoch, len(waiting))
    _add_to_rollups(session, waiting)
    payloads = _payloads(session, waiting)
    everybody = [*_blocks(session, waiting), *map(encode_row, count_campaigns(session, waiting, at=at))]
    number_rows(session, epoch, payloads | ({GLOBAL_SCOPE: everybody} if everybody else {}), at=at)
    return len(waiting)


def _take(session: WriteSession, rows_max: int) -> list[Waiting]:
    taken = _TAKE.rows(session, rows_max=rows_max)
    return sorted(
        ((MemberId(member_id), EventId(event_id), decode_change(payload)) for member_id, event_id, payload in taken),
        key=lambda row: (row[1], row[0]),
    )


def _add_to_rollups(session: WriteSession, waiting: Sequence[Waiting]) -> None:
    amounts: defaultdict[RollupKey, int] = defaultdict(int)
    debits: defaultdict[RollupKey, int] = defaultdict(int)
    counts: defaultdict[RollupKey, int] = defaultdict(int)
    for _, _, change in waiting:
        for delta in change.deltas:
            key = (delta.store_id, delta.business_date, delta.event_kind, delta.account, delta.detail)
            amounts[key] += delta.amount_minor
            debits[key] += max(0, delta.amount_minor)
            counts[key] += 1
    if not amounts:
        return
    _ADD.run_each(
        session,
        [
            {
                "store_id": key[0],
                "business_date": key[1],
                "event_kind": key[2],
                "account": key[3],
                "detail": key[4],
                "amount_minor": amounts[key],
                "debit_minor": debits[key],
                "count": counts[key],
            }
            for key in sorted(amounts)
        ],
    )


def _payloads(session: ReadSession, waiting: Sequence[Waiting]) -> dict[str, list[bytes]]:
    """By store, the encoded rows to publish: each member once, as the wallet stands now, which is at or past every change in this step."""
    members = sorted({member_id for member_id, _, _ in waiting})
    stores: defaultdict[str, list[str]] = defaultdict(list)
    for start in range(0, len(members), _CHUNK):
        for member_id, store_id in _STORES.rows(session, members=members[start : start + _CHUNK]):
            stores[member_id].append(store_id)
    rows = {row.member_id: row for row in member_rows(session, members)}
    purchases: defaultdict[str, list[bytes]] = defaultdict(list)
    touched = {(member_id, purchase_id): None for member_id, _, change in waiting for purchase_id in change.purchases}
    for purchase in purchase_rows(session, list(touched)):
        purchases[purchase.member_id].append(encode_row(purchase))
    entered: set[tuple[str, str]] = {
        (member_id, store_id) for member_id, _, change in waiting for store_id in change.entered
    }
    recent = {
        member_id: [encode_row(each) for each in bought]
        for member_id, bought in recent_purchases(session, {member_id for member_id, _ in entered}).items()
    }
    payloads = _by_store(rows, stores, purchases, recent, entered)
    for store_id, exits in _exits(rows, stores, waiting).items():
        payloads.setdefault(store_id, []).extend(exits)
    return payloads


def _exits(
    rows: Mapping[MemberId, MemberRow], stores: Mapping[str, Sequence[str]], waiting: Sequence[Waiting]
) -> dict[str, list[bytes]]:
    """By store, the members who left its scope and did not come back meanwhile."""
    left = {(member_id, store_id) for member_id, _, change in waiting for store_id in change.left}
    exits: defaultdict[str, list[bytes]] = defaultdict(list)
    for member_id, store_id in sorted(left):
        if member_id in rows and store_id not in stores.get(member_id, ()):
            exits[store_id].append(encode_row(MemberExitRow(member_id=member_id, version=rows[member_id].version)))
    return exits


def _blocks(session: ReadSession, waiting: Sequence[Waiting]) -> list[bytes]:
    """For every till, whatever its scope: the status of those whose status changed, as it stands now."""
    members = sorted({member_id for member_id, _, change in waiting if change.standing})
    if not members:
        return []
    return [
        encode_row(BlockRow(member_id=MemberId(member_id), status=status, version=version, updated_at=at))
        for member_id, status, version, at in _STANDINGS.rows(session, members=members)
    ]


def _by_store(
    rows: Mapping[MemberId, MemberRow],
    stores: Mapping[str, Sequence[str]],
    purchases: Mapping[str, Sequence[bytes]],
    recent: Mapping[str, Sequence[bytes]],
    entered: AbstractSet[tuple[str, str]],
) -> dict[str, list[bytes]]:
    payloads: defaultdict[str, list[bytes]] = defaultdict(list)
    for member_id, row in rows.items():
        encoded = encode_row(row)
        for store_id in stores.get(member_id, ()):
            payloads[store_id].append(encoded)
            bought = recent if (member_id, store_id) in entered else purchases
            payloads[store_id].extend(bought.get(member_id, ()))
    return payloads


class Sequencer:
    """Drains the outbox; tells the news board what came of it. `drain` may be called from any thread: one works, the others leave it to that one."""

    def __init__(self, database: Database, news: NewsBoard, clock: Callable[[], datetime], interval_s: float) -> None:
        self._database = database
        self._news = news
        self._clock = clock
        self._interval_s = interval_s
        self._turn = threading.Lock()
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._thread: threading.Thread | None = None

    def drain(self) -> int:
        """Until the outbox is empty, unless another thread is at it, which then goes on for this one too. Returns the rows that this call moved."""
        self._wanted.set()
        moved = 0
        while self._wanted.is_set() and self._turn.acquire(blocking=False):
            try:
                self._wanted.clear()
                moved += self._until_empty()
            finally:
                self._turn.release()
        return moved

    def nudge(self) -> None:
        """After a commit: one step on this thread when nobody is at it, so that a small push is in the feed before it is answered.
        What is left goes to the background thread; no till waits for the others' rows."""
        if self._turn.acquire(blocking=False):
            try:
                self._step()
            finally:
                self._turn.release()
        self._awake.set()

    def wake(self) -> None:
        """After a commit whose caller does not wait for the feed: the background thread takes it over."""
        self._awake.set()

    def _until_empty(self) -> int:
        moved = step = self._step()
        while step == STEP_ROWS_MAX:
            step = self._step()
            moved += step
        return moved

    def _step(self) -> int:
        """The rows moved, which the board is told of. An idle head office writes nothing."""
        with self._database.look() as session:
            if not _WAITING.rows(session):
                return 0
        with self._database.write() as session:
            moved = sequence_step(session, at=self._clock())
            epoch = current_epoch(session)
            heads = heads_of(session, epoch)
        if moved:
            steps.debug("sequenced", extra={"step": "sequenced", "rows": moved})
            self._news.tell(epoch, heads)
        return moved

    def look(self) -> None:
        """Tells waiting readers of heads that this or another process moved."""
        with self._database.look() as session:
            epoch = current_epoch(session)
            self._news.tell(epoch, heads_of(session, epoch))

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.clear()
            try:
                self.drain()
                self.look()
            except (StorageFull, DatabaseBusy) as error:
                logger.warning("sequencing waits: %s", error)
            except Exception:  # the last resort of this thread: logged, and the next round tries again
                logger.exception("sequencing failed")
            self._awake.wait(self._interval_s)
