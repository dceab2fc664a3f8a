"""Owns who leaves a store's scope: whom the store has no more reason to know. Its tills delete the row by the feed (H9); a member who comes again is asked for at head office and
enters with the full state.

Nobody leaves a store of whom one of its tills keeps value, or may keep some that head office has forgotten. Decides on locked wallets; done again, or by two processes at once,
it does nothing more. Called once a business day by head office's schedule, and by `run-day`.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from secrets import token_bytes
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select

from hq_server.database.among import among
from hq_server.database.models import Member, ScopeMember, WalletEventRecord, WalletRecord
from hq_server.own_journal.desk import Desk
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.runs import MEMBER_FAILURES
from hq_server.reservations.silence import as_if_reported
from hq_server.wallets.guarded import Stamp, locked_wallet
from hq_server.wallets.scope import leave_scope
from stored_value.events_reservation import LEASE_KINDS
from stored_value.identity import MemberId, StoreId
from stored_value.standing import left_behind
from stored_value.wallet import Wallet, WalletStatus

logger = logging.getLogger(__name__)
BATCH_MEMBERS: Final = 2_000


class Why(StrEnum):
    """`quiet`: not seen at that store for so many days, and at home elsewhere. `finished`: closed, merged or erased, with nothing left and nothing there
    that could still be refunded."""

    QUIET = "quiet"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """As the tables showed him; `version` is the wallet's."""

    member_id: MemberId
    store_id: StoreId
    version: int


def leave_scopes(desk: Desk, now: datetime, quiet_days: int, *, random: Callable[[int], bytes] = token_bytes) -> int:
    """How many left a store. `quiet_days` are never fewer than those in which a purchase can be refunded. May raise `DatabaseBusy`, `StorageFull`."""
    with desk.database.read() as session:
        refund_days = desk.rulebooks.all(session).in_force(now).limits.refund_days
    refundable_since = now - timedelta(days=refund_days + 1)
    quiet_since = min(refundable_since, now - timedelta(days=quiet_days))
    stamp, left = Stamp(now, random), 0
    for why, since in ((Why.FINISHED, refundable_since), (Why.QUIET, quiet_since)):
        for member_id, leavers in groupby(_leavers(desk, why, since), key=lambda each: each.member_id):
            left += _take_out(desk, member_id, list(leavers), why, stamp)
    if left:
        desk.tell()
        logger.info("members left stores that they no longer visit", extra={"rows": left})
    return left


def _leavers(desk: Desk, why: Why, since: datetime) -> Iterator[Leaver]:
    """By member. In short reads, so that no state of the database is kept for as long as all of them take."""
    wanted = (
        select(ScopeMember.member_id, ScopeMember.store_id, WalletRecord.version)
        .join(WalletRecord, WalletRecord.member_id == ScopeMember.member_id)
        .join(Member, Member.member_id == ScopeMember.member_id)
        .where(_is_quiet() if why is Why.QUIET else _looks_finished(), _unseen(since))
        .order_by(ScopeMember.member_id, ScopeMember.store_id)
    )
    members = (
        select(ScopeMember.member_id)
        .where(ScopeMember.entered_at < since)
        .distinct()
        .order_by(ScopeMember.member_id)
        .limit(BATCH_MEMBERS)
    )
    after = ""
    while True:
        with desk.database.read() as session:
            part = session.scalars(members.where(ScopeMember.member_id > after)).all()
            if not part:
                return
            found = session.execute(wanted.where(among(ScopeMember.member_id, part))).all()
        for member_id, store_id, version in found:
            yield Leaver(member_id=MemberId(member_id), store_id=StoreId(store_id), version=version)
        after = part[-1]


def _unseen(since: datetime) -> ColumnElement[bool]:
    seen = exists().where(
        WalletEventRecord.member_id == ScopeMember.member_id,
        WalletEventRecord.store_id == ScopeMember.store_id,
        WalletEventRecord.received_at >= since,
        *(WalletEventRecord.kind != each for each in LEASE_KINDS),
    )
    return and_(ScopeMember.entered_at < since, ~seen)


def _is_quiet() -> ColumnElement[bool]:
    return Member.home_store_id != ScopeMember.store_id


def _looks_finished() -> ColumnElement[bool]:
    """Whether nothing at all is left is seen in the wallet."""
    erased = and_(Member.name_sealed.is_(None), Member.personal_ciphertext == "")
    empty = (WalletRecord.principal_minor == 0, WalletRecord.bonus_minor == 0, WalletRecord.receivable_minor == 0)
    return and_(or_(WalletRecord.status == WalletStatus.CLOSED, erased), *empty)


def _take_out(desk: Desk, member_id: MemberId, leavers: list[Leaver], why: Why, stamp: Stamp) -> int:
    """One member's failure stops nobody else."""

    def write(journal: OwnJournal) -> int:
        wallet = locked_wallet(journal.session, member_id)
        if wallet is None or wallet.version != leavers[0].version or (why is Why.FINISHED and not has_nothing(wallet)):
            return 0  # something happened meanwhile: tomorrow again
        presumed = as_if_reported(journal.session, {member_id: wallet}, journal.rulebooks, stamp.at)[member_id]
        kept_at = {kept.store_id for kept in presumed.reservations}
        going = [each.store_id for each in leavers if each.store_id not in kept_at]
        for store_id in going:
            wallet = leave_scope(journal.session, wallet, store_id, stamp)
        return len(going)

    try:
        return desk.write(stamp.at, write)
    except MEMBER_FAILURES:
        logger.exception("a member stays in scopes that he could leave", extra={"member_id": member_id})
        return 0


def has_nothing(wallet: Wallet) -> bool:
    """No value of any kind, nothing owed, kept or still to come."""
    return not (
        left_behind(wallet)
        or wallet.reservations
        or wallet.loyalty.pending
        or any(lot.remaining_minor for lot in wallet.lots)
        or any(held.remaining for held in wallet.holdings)
    )
