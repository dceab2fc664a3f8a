"""Owns which leases a member's balance should have (pure), and reading the grants that a till has not seen yet. Decided on by the lease desk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, select

from hq_server.database.engine import Reading
from hq_server.database.models import ReservationRecord, ReservationState
from hq_server.database.prepared import Prepared
from hq_server.reservations.silence import Till, is_presumed
from hq_server.sessions.tokens import TillToken
from stored_value.frozen import changed
from stored_value.identity import MemberId
from stored_value.leased_things import things_to_lease
from stored_value.money import floor_share
from stored_value.offline_policy import LeasePolicy
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing, things_kept
from stored_value.reservations import available_minor, gone_minor
from stored_value.standing import Standing, standing_of
from stored_value.wallet import Wallet
from sync.grants import GRANTS_MAX, Grant, Grants

_decode_things = msgspec.json.Decoder(tuple[ReservedThing, ...]).decode
_OFFERED: Final = Prepared(
    select(
        ReservationRecord.number,
        ReservationRecord.reservation_id,
        ReservationRecord.member_id,
        ReservationRecord.version,
        ReservationRecord.amount_minor,
        ReservationRecord.things,
        ReservationRecord.incarnation,
        ReservationRecord.state,
        ReservationRecord.granted_at,
        ReservationRecord.expires_at,
        ReservationRecord.recalled_at,
    )
    .where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        ReservationRecord.epoch == bindparam("epoch"),
        ReservationRecord.kind == ReservationKind.LEASE,
        ReservationRecord.number > bindparam("after"),
    )
    .order_by(ReservationRecord.number)
    .limit(GRANTS_MAX)
)


class _Offered(NamedTuple):
    """A lease as the table has it."""

    number: int
    reservation_id: str
    member_id: str
    version: int
    amount_minor: int
    things: str
    incarnation: int
    state: str
    granted_at: datetime
    expires_at: datetime | None
    recalled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A lease to be granted."""

    till: Till
    amount_minor: int
    things: tuple[ReservedThing, ...] = ()


@dataclass(frozen=True, slots=True)
class LeasePlan:
    offers: tuple[Offer, ...] = ()
    renewals: tuple[Reservation, ...] = ()
    """Leases that are asked back: past half their life, to be granted anew when they have come, those of a member who may spend nothing, and those of one who has less than tills
    keep of him, because another till took it at its own risk (L5)."""


NOTHING = LeasePlan()


def granted_leases(wallet: Wallet) -> list[Reservation]:
    """Those that head office granted; an offline top-up's lease is its till's own (H3)."""
    return [kept for kept in wallet.reservations if kept.kind is ReservationKind.LEASE and kept.number]


def plan_leases(wallet: Wallet, tills: Sequence[Till], policy: LeasePolicy, *, on: date, now: datetime) -> LeasePlan:
    """`tills` are those that may have one, the most used first; `wallet` includes what silent tills are presumed to hold. Things go to one till only, and to one that
    has a lease already where there is one: what the member was given after it comes in a lease of its own."""
    if not policy.tills_max:
        return NOTHING
    leases = granted_leases(wallet)
    if standing_of(wallet, on) is not Standing.ACTIVE or gone_minor(_in_truth(wallet)):
        return LeasePlan(renewals=tuple(kept for kept in leases if not kept.recalled))
    half = timedelta(hours=policy.valid_hours) / 2
    renewals = tuple(kept for kept in leases if not kept.recalled and now >= kept.granted_at + half)
    holders = {kept.terminal_id for kept in leases}
    with_money = {kept.terminal_id for kept in leases if kept.amount_minor}
    things, carrier = _things(wallet, tills, leases, policy, on)
    available = available_minor(wallet, on)
    offers: list[Offer] = []
    for till in tills:
        if till.terminal_id not in holders and len(holders) >= policy.tills_max:
            continue
        amount = min(policy.amount_minor, floor_share(max(0, available), policy.share_percent, 100))
        amount = amount if amount >= policy.from_minor and till.terminal_id not in with_money else 0
        own = things if till == carrier else ()
        if amount or own:
            offers.append(Offer(till, amount, own))
            holders.add(till.terminal_id)
            available -= amount
    return LeasePlan(tuple(offers), renewals)


def _in_truth(wallet: Wallet) -> Wallet:
    """Without what silent tills are presumed to hold."""
    if not any(map(is_presumed, wallet.reservations)):
        return wallet
    return changed(wallet, reservations=tuple(kept for kept in wallet.reservations if not is_presumed(kept)))


def _things(
    wallet: Wallet, tills: Sequence[Till], leases: Sequence[Reservation], policy: LeasePolicy, on: date
) -> tuple[tuple[ReservedThing, ...], Till | None]:
    """What is still to be leased, and to which till."""
    leased = things_kept(leases, {kept.reservation_id for kept in leases})
    carriers = {kept.terminal_id for kept in leases if kept.things} or {kept.terminal_id for kept in leases}
    fit = (till for till in tills if not carriers or till.terminal_id in carriers)
    return things_to_lease(wallet, policy, on, leased), next(fit, None)


def most_used(used: Iterable[Till]) -> list[Till]:
    """`used` is newest first; of two used equally often the one used last comes first."""
    ordered = list(used)
    counts = Counter(ordered)
    return sorted(counts, key=lambda till: (-counts[till], ordered.index(till)))


def grants_after(session: Reading, till: TillToken, after: int) -> Grants:
    """In order and without gaps. One that is closed, asked back or the other branch's (H6) is told as expired: the till skips it, and its next report says so."""
    found = _OFFERED.rows(session, store=till.store_id, terminal=till.terminal_id, epoch=till.epoch, after=after)
    return Grants(epoch=till.epoch, grants=tuple(_grant(_Offered(*row), till) for row in found))


def _grant(row: _Offered, till: TillToken) -> Grant:
    over = row.incarnation != till.incarnation or row.state != ReservationState.OPEN or row.recalled_at is not None
    return Grant(
        number=row.number,
        lease_id=ReservationId(row.reservation_id),
        member_id=MemberId(row.member_id),
        version=row.version,
        amount_minor=row.amount_minor,
        expires_at=row.granted_at if over or row.expires_at is None else row.expires_at,
        things=_decode_things(row.things),
    )
