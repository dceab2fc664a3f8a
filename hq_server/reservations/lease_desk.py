"""Owns who gets leases: looks at members after their wallets changed, and at leases past half their life, in one background thread. Started and stopped with the application.

Several at once, in one process or in many, are safe: each decision is made again under the locks of the till's row and the wallet. Losing a look costs nobody money.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import and_, bindparam, or_, select

from hq_server.database.among import among_given
from hq_server.database.engine import Database, DatabaseBusy, Reading, StorageFull, WriteSession
from hq_server.database.models import (
    ReservationRecord,
    ReservationState,
    Terminal,
    TerminalStatus,
    WalletEventRecord,
    WalletRecord,
)
from hq_server.database.prepared import Prepared
from hq_server.feed.news import NewsBoard, till_topic
from hq_server.feed.presence import Presence
from hq_server.feed.publishing import current_epoch
from hq_server.feed.sequencer import Sequencer
from hq_server.ingest.rulebook_shelf import Rulebooks, RulebookShelf
from hq_server.own_journal.place import business_day
from hq_server.reservations.closing import grants_counted
from hq_server.reservations.grants import LeasePlan, Offer, granted_leases, most_used, plan_leases
from hq_server.reservations.recalls import mark_recalled
from hq_server.reservations.silence import Till, silent_tills, stores_that_know, with_presumed
from hq_server.terminals.rows import TerminalRow, hold_terminal, write_terminal
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from stored_value.events_reservation import LEASE_KINDS
from stored_value.identity import StoreId, TerminalId, uuid7
from stored_value.offline_policy import LeasePolicy
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind
from stored_value.reservations import recalled, with_reservation
from stored_value.wallet import Wallet
from sync.wallet_codec import read_wallet

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder(order="sorted").encode
BATCH_MEMBERS: Final = 100
TOUCHED_MAX: Final = 100_000
EVENTS_COUNTED: Final = 50
LEASE_PAUSE: Final = timedelta(minutes=10)
"""After a payment elsewhere needed a lease back, the member gets no new one for so long: or it would be leased away again before the payment has it. Nor after a till left one
out, which it would do again (its clock is days ahead, say): or the two would offer and leave out for ever."""
LOOK_INTERVAL_S: Final = 60.0
VISITED_WITHIN: Final = timedelta(days=30)
"""A till where the member has not been for so long gets no lease any more: who never comes would cost it two entries every day and a half, for ever."""

_STATES: Final = Prepared(select(WalletRecord.state).where(among_given(WalletRecord.member_id, "members")))
_WAITING: Final = Prepared(
    select(ReservationRecord.member_id).where(
        among_given(ReservationRecord.member_id, "members"),
        or_(
            and_(ReservationRecord.needed, ReservationRecord.recalled_at > bindparam("since")),
            and_(
                ReservationRecord.kind == ReservationKind.LEASE,
                ReservationRecord.state == ReservationState.RELEASED,
                ReservationRecord.closed_at > bindparam("since"),
            ),
        ),
    )
)
_RENEWABLE: Final = Prepared(
    select(ReservationRecord.member_id)
    .where(
        ReservationRecord.state == ReservationState.OPEN,
        ReservationRecord.kind == ReservationKind.LEASE,
        ReservationRecord.number > 0,
        ReservationRecord.recalled_at.is_(None),
        ReservationRecord.granted_at <= bindparam("until"),
    )
    .limit(BATCH_MEMBERS)
)
_USED: Final = Prepared(
    select(WalletEventRecord.store_id, WalletEventRecord.terminal_id)
    .where(
        WalletEventRecord.member_id == bindparam("member"),
        WalletEventRecord.received_at >= bindparam("since"),
        # A till that holds a lease takes and gives it back by itself, day by day: that is nobody's visit.
        *(WalletEventRecord.kind != each for each in LEASE_KINDS),
    )
    .order_by(WalletEventRecord.event_id.desc())
    .limit(EVENTS_COUNTED)
)
_REPORTING: Final = Prepared(
    select(Terminal.store_id, Terminal.terminal_id).where(
        among_given(Terminal.store_id, "stores"),
        Terminal.status == TerminalStatus.ACTIVE,
        Terminal.reported_epoch == bindparam("epoch"),
        Terminal.reported_at.is_not(None),
        Terminal.last_seen_at >= bindparam("since"),
        Terminal.machine_seen == "",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseParts:
    """What the desk works with."""

    database: Database
    rulebooks: RulebookShelf
    sequencer: Sequencer
    news: NewsBoard
    presence: Presence
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]


class LeaseDesk:
    """`touched` may be called from any thread; so may `drain`, which does what the thread does."""

    def __init__(self, parts: LeaseParts) -> None:
        self._parts = parts
        self._guard = threading.Lock()
        self._touched: dict[str, None] = {}
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def touched(self, member_ids: Iterable[str]) -> None:
        """Their wallets have changed. Beyond TOUCHED_MAX waiting members the rest is left to their next change."""
        with self._guard:
            for member_id in member_ids:
                if len(self._touched) < TOUCHED_MAX:
                    self._touched[member_id] = None
        self._awake.set()

    def drain(self) -> int:
        """Everything that waits; returns how many leases were granted or asked back. May raise `DatabaseBusy`, `StorageFull`."""
        changed = 0
        while members := self._take():
            changed += self.look_at(members)
        return changed

    def look_for_renewals(self) -> None:
        """Leases past half their life; the database says which."""
        now, policy = self._parts.clock(), self._policy()
        with self._parts.database.look() as session:
            due = _RENEWABLE.rows(session, until=now - timedelta(hours=policy.valid_hours) / 2)
        self.touched([member_id for (member_id,) in due])

    def look_at(self, members: Sequence[str]) -> int:
        """At most BATCH_MEMBERS; in one unit of work, and none at all when nothing is to be done."""
        now = self._parts.clock()
        with self._parts.database.look() as session:
            rulebooks = self._parts.rulebooks.all(session)
            policy = rulebooks.in_force(now).offline.leases
            plans = _plans(session, members, policy, now) if policy.tills_max else {}
        if not plans:
            return 0
        with self._parts.database.write() as session:
            told = _carry_out(session, plans, rulebooks, Stamp(now, self._parts.random))
        self._parts.sequencer.wake()
        self._parts.news.call(till_topic(terminal_id) for terminal_id in told)
        return len(told)

    def ask_back(self, member_id: str, note: Callable[[WriteSession], None]) -> int:
        """Every lease of the member, as for a payment that needs all of them: for a while he gets no new one. `note` is written with it. Returns how many there are.
        May raise `DatabaseBusy`, `StorageFull`."""
        with self._parts.database.write() as session:
            wallet = locked_wallet(session, member_id)
            leases = granted_leases(wallet) if wallet is not None else []
            if wallet is not None and leases:
                stamp = Stamp(self._parts.clock(), self._parts.random)
                put_wallet(session, recalled(wallet, [kept.reservation_id for kept in leases]), stamp)
                mark_recalled(session, leases, at=stamp.at, needed=True)
                note(session)
        self._parts.sequencer.wake()
        self._parts.news.call(till_topic(kept.terminal_id) for kept in leases)
        return len(leases)

    def _policy(self) -> LeasePolicy:
        with self._parts.database.look() as session:
            return self._parts.rulebooks.all(session).in_force(self._parts.clock()).offline.leases

    def _take(self) -> list[str]:
        with self._guard:
            members = list(self._touched)[:BATCH_MEMBERS]
            for member_id in members:
                del self._touched[member_id]
        return members

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="lease-desk", daemon=True)
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
                if not self._awake.wait(LOOK_INTERVAL_S):
                    self.look_for_renewals()
                    self._parts.presence.write_down(self._parts.database)
            except (StorageFull, DatabaseBusy) as error:
                logger.warning("leases wait: %s", error)
            except Exception:  # the last resort of this thread: logged, and the next round tries again
                logger.exception("the lease desk failed")


def _plans(session: Reading, members: Sequence[str], policy: LeasePolicy, now: datetime) -> dict[str, tuple[Till, ...]]:
    """By member for whom something is to be done, the tills that may get a lease."""
    epoch, on = current_epoch(session), business_day(now)
    wallets = [read_wallet(state) for (state,) in _STATES.rows(session, members=members)]
    fit = [wallet for wallet in wallets if plan_leases(wallet, _anyone(wallet), policy, on=on, now=now) != LeasePlan()]
    paused = _paused(session, [wallet.member_id for wallet in fit], now)
    wanted: dict[str, tuple[Till, ...]] = {}
    for wallet in fit:
        member_id = wallet.member_id
        tills = () if member_id in paused else _usable(session, member_id, epoch, policy, now)
        if plan_leases(wallet, tills, policy, on=on, now=now) != LeasePlan():
            wanted[member_id] = tills
    return wanted


def _anyone(wallet: Wallet) -> tuple[Till, ...]:
    """Whoever the member's tills may turn out to be: a till that has no lease, and those that have one."""
    return Till(StoreId(""), TerminalId("")), *(
        Till(kept.store_id, kept.terminal_id) for kept in granted_leases(wallet)
    )


def _paused(session: Reading, members: Sequence[str], now: datetime) -> frozenset[str]:
    if not members:
        return frozenset()
    return frozenset(member_id for (member_id,) in _WAITING.rows(session, members=members, since=now - LEASE_PAUSE))


def _usable(session: Reading, member_id: str, epoch: str, policy: LeasePolicy, now: datetime) -> tuple[Till, ...]:
    """The member's tills, the most used lately first: of stores that know the member still, active, heard of lately, and such as report (an older till would never give a lease
    back)."""
    used = _USED.rows(session, member=member_id, since=now - VISITED_WITHIN)
    ranked = most_used(Till(StoreId(store_id), TerminalId(terminal_id)) for store_id, terminal_id in used)
    stores = sorted({till.store_id for till in ranked} & stores_that_know(session, member_id))
    fit = _REPORTING.rows(session, stores=stores, epoch=epoch, since=now - timedelta(hours=policy.valid_hours))
    able = {Till(StoreId(store_id), TerminalId(terminal_id)) for store_id, terminal_id in fit}
    return tuple(till for till in ranked if till in able)


def _carry_out(
    session: WriteSession, wanted: Mapping[str, tuple[Till, ...]], rulebooks: Rulebooks, stamp: Stamp
) -> list[TerminalId]:
    """Decided again under the locks; the tills that are to hear of it, one for each lease. A till that was stopped or revoked meanwhile gets none."""
    epoch, policy = current_epoch(session), rulebooks.in_force(stamp.at).offline.leases
    rows = {
        till: hold_terminal(session, till.store_id, till.terminal_id)
        for till in sorted({till for tills in wanted.values() for till in tills})
    }
    able = {till for till, held in rows.items() if _is_able(held.row, epoch)}
    told: list[TerminalId] = []
    for member_id in sorted(wanted):
        wallet = locked_wallet(session, member_id)
        if wallet is None:
            continue
        seen = with_presumed(wallet, silent_tills(session, member_id, epoch), rulebooks, stamp.at)
        tills = tuple(till for till in wanted[member_id] if till in able)
        plan = plan_leases(seen, tills, policy, on=business_day(stamp.at), now=stamp.at)
        if plan == LeasePlan():
            continue
        leases = [_lease(offer, rows[offer.till].row, epoch, policy, stamp) for offer in plan.offers]
        after = recalled(wallet, [kept.reservation_id for kept in plan.renewals])
        for lease in leases:
            after = with_reservation(after, lease)
        version = put_wallet(session, after, stamp).version
        session.add_all(_record(lease, member_id, epoch, version) for lease in leases)
        mark_recalled(session, plan.renewals, at=stamp.at, needed=False)
        told.extend(kept.terminal_id for kept in (*leases, *plan.renewals))
    for held in rows.values():
        write_terminal(session, held)
    session.flush()
    return told


def _is_able(terminal: TerminalRow, epoch: str) -> bool:
    return terminal.status == TerminalStatus.ACTIVE and terminal.reported_epoch == epoch and not terminal.machine_seen


def _lease(offer: Offer, terminal: TerminalRow, epoch: str, policy: LeasePolicy, stamp: Stamp) -> Reservation:
    number = grants_counted(terminal, epoch) + 1
    if terminal.grant_epoch != epoch:
        terminal.grant_epoch, terminal.grants_closed_through = epoch, 0
    terminal.grant_counter = number
    return Reservation(
        reservation_id=ReservationId(uuid7(stamp.at, stamp.random(10))),
        kind=ReservationKind.LEASE,
        store_id=offer.till.store_id,
        terminal_id=offer.till.terminal_id,
        incarnation=terminal.incarnation,
        number=number,
        granted_minor=offer.amount_minor,
        amount_minor=offer.amount_minor,
        granted_at=stamp.at,
        expires_at=stamp.at + timedelta(hours=policy.valid_hours),
        things=offer.things,
    )


def _record(lease: Reservation, member_id: str, epoch: str, version: int) -> ReservationRecord:
    return ReservationRecord(
        store_id=lease.store_id,
        terminal_id=lease.terminal_id,
        reservation_id=lease.reservation_id,
        kind=lease.kind,
        incarnation=lease.incarnation,
        epoch=epoch,
        number=lease.number,
        member_id=member_id,
        version=version,
        amount_minor=lease.granted_minor,
        things=_encode(lease.things).decode(),
        state=ReservationState.OPEN,
        granted_at=lease.granted_at,
        expires_at=lease.expires_at,
    )
