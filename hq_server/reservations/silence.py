"""Owns what tills may hold that head office has forgotten (H1): until it has reported in the new epoch, each till counts as holding the most that any rulebook in force since
its last report leases, of money and of coupons, passes and points (H4)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam, func, select

from hq_server.database.among import among_given
from hq_server.database.engine import Reading, ReadSession
from hq_server.database.models import ScopeMember, Terminal, TerminalStatus
from hq_server.database.prepared import Prepared
from hq_server.feed.publishing import current_epoch
from hq_server.ingest.rulebook_shelf import Rulebooks
from stored_value.identity import LotId, StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.points import alike
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing, things_kept
from stored_value.reservations import kept_of_thing
from stored_value.wallet import HoldingKind, Wallet

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_STORES: Final = Prepared(select(ScopeMember.store_id).where(ScopeMember.member_id == bindparam("member")))
_SILENT: Final = Prepared(
    select(Terminal.store_id, Terminal.terminal_id, func.coalesce(Terminal.reported_at, Terminal.enrolled_at))
    .where(
        among_given(Terminal.store_id, "stores"),
        Terminal.reported_epoch != bindparam("epoch"),
        Terminal.status != TerminalStatus.REVOKED,
    )
    .order_by(Terminal.store_id, Terminal.terminal_id)
)

_ANY_SILENT: Final = Prepared(
    select(Terminal.terminal_id)
    .where(Terminal.reported_epoch != bindparam("epoch"), Terminal.status != TerminalStatus.REVOKED)
    .limit(1)
)


@dataclass(frozen=True, slots=True, order=True)
class Till:
    store_id: StoreId
    terminal_id: TerminalId


@dataclass(frozen=True, slots=True)
class SilentTill:
    """`heard_at`: of its last report, in whatever epoch; of its enrolment when there was none."""

    till: Till
    heard_at: datetime


def stores_that_know(session: Reading, member_id: str) -> frozenset[StoreId]:
    """Whose tills have the member in their replicas, or will."""
    return frozenset(StoreId(store_id) for (store_id,) in _STORES.rows(session, member=member_id))


def silent_tills(session: ReadSession, member_id: str, epoch: str) -> tuple[SilentTill, ...]:
    """Of the stores that know the member. A revoked till will never report: revoking it was the decision not to wait."""
    stores = stores_that_know(session, member_id)
    if not stores:
        return ()
    found = _SILENT.rows(session, stores=sorted(stores), epoch=epoch)
    return tuple(SilentTill(Till(StoreId(row[0]), TerminalId(row[1])), row[2]) for row in found)


@dataclass(frozen=True, slots=True)
class LostLease:
    """What a till accepted by a grant that head office has forgotten, by the till's word; `most`: what is leased to one till of one member."""

    lease: Reservation
    most: LeasePolicy


def most_leased(policies: Iterable[OfflinePolicy]) -> LeasePolicy:
    """To one till of one member: of each kind what the policy that leases most of it does."""
    leases = [policy.leases for policy in policies if policy.leases.tills_max]
    return LeasePolicy(
        amount_minor=max((each.amount_minor for each in leases), default=0),
        coupons=max((each.coupons for each in leases), default=0),
        pass_units=max((each.pass_units for each in leases), default=0),
        points=max((each.points for each in leases), default=0),
    )


def unknown_minor(wallet: Wallet, till: Till, most_minor: int) -> int:
    """What a silent till may hold of the member beyond the leases that head office knows of."""
    return max(0, most_minor - sum(kept.amount_minor for kept in _known_leases(wallet, till)))


def unknown_things(wallet: Wallet, till: Till, most: LeasePolicy) -> tuple[ReservedThing, ...]:
    """The same of coupons, passes and points (H4). Nobody knows which of them it was: the till may have any, up to what is leased of its kind."""
    known, caps = _things_of(_known_leases(wallet, till)), _caps(most)
    found = (
        ReservedThing(
            thing_id=held.holding_id,
            quantity=min(
                caps.get(held.kind, 0) - known[held.holding_id],
                held.remaining - kept_of_thing(wallet, held.holding_id),
            ),
        )
        for held in wallet.holdings
    )
    return tuple(thing for thing in found if thing.quantity > 0)


def given_back(wallet: Wallet, lost: LostLease) -> Reservation | None:
    """What of the lease is kept again: of nothing more than head office presumes of a silent till, less the leases that this one has accepted. None: nothing.
    What it has not accepted by then may never have been taken. A thing that is not there yet may come with another till's entries; then it may be of any kind."""
    lease, most = lost.lease, lost.most
    accepted = [kept for kept in _known_leases(wallet, Till(lease.store_id, lease.terminal_id)) if kept.accepted]
    known, caps = Counter[LotId](), _caps(most)
    for thing_id, quantity in _things_of(accepted).items():
        known[_counted(wallet, thing_id)] += quantity
    amount_minor = min(lease.amount_minor, most.amount_minor - sum(kept.amount_minor for kept in accepted))
    things: list[ReservedThing] = []
    for thing in lease.things:
        held = wallet.holding(thing.thing_id)
        cap = max(caps.values()) if held is None else caps.get(held.kind, 0)
        counted = _counted(wallet, thing.thing_id)
        quantity = min(thing.quantity, cap - known[counted])
        if quantity > 0:
            known[counted] += quantity
            things.append(replace(thing, quantity=quantity))
    if amount_minor <= 0 and not things:
        return None
    kept_minor = max(0, amount_minor)
    return replace(lease, granted_minor=kept_minor, amount_minor=kept_minor, things=tuple(things))


def _counted(wallet: Wallet, thing_id: LotId) -> LotId:
    """As what its cap counts: however many lots of points a till names that nobody has heard of, they are one."""
    return alike(wallet, thing_id) if wallet.holding(thing_id) is None else thing_id


def _caps(most: LeasePolicy) -> dict[HoldingKind, int]:
    return {
        HoldingKind.COUPON: most.coupons,
        HoldingKind.PASS_USES: most.pass_units,
        HoldingKind.PASS_MINUTES: most.pass_units,
        HoldingKind.POINTS: most.points,
    }


def _things_of(leases: list[Reservation]) -> Counter[LotId]:
    return things_kept(leases, {kept.reservation_id for kept in leases})


def _known_leases(wallet: Wallet, till: Till) -> list[Reservation]:
    return [
        kept
        for kept in wallet.reservations
        if kept.kind is ReservationKind.LEASE and kept.number and kept.terminal_id == till.terminal_id
    ]


def with_presumed(wallet: Wallet, silent: tuple[SilentTill, ...], rulebooks: Rulebooks, now: datetime) -> Wallet:
    """The wallet as decisions must see it; never written."""
    for each in silent:
        most = most_leased(rulebooks.offline_since(each.heard_at, now))
        amount_minor = unknown_minor(wallet, each.till, most.amount_minor)
        things = unknown_things(wallet, each.till, most)
        if amount_minor or things:
            presumed = _presumed(each.till, amount_minor, things)
            wallet = replace(wallet, reservations=(*wallet.reservations, presumed))
    return wallet


def is_presumed(kept: Reservation) -> bool:
    """Stands in no wallet."""
    return kept.granted_at == _LONG_AGO


def as_if_reported(
    session: ReadSession, wallets: Mapping[str, Wallet], rulebooks: Rulebooks, now: datetime
) -> dict[str, Wallet]:
    """The same for what head office does itself with wallets (H5): none of it may take what a silent till may have leased. One question where no till is silent."""
    epoch = current_epoch(session)
    if _ANY_SILENT.row(session, epoch=epoch) is None:
        return dict(wallets)
    return {
        member_id: with_presumed(wallet, silent_tills(session, member_id, epoch), rulebooks, now)
        for member_id, wallet in wallets.items()
    }


def _presumed(till: Till, amount_minor: int, things: tuple[ReservedThing, ...]) -> Reservation:
    return Reservation(
        reservation_id=ReservationId(f"silent:{till.terminal_id}"),
        kind=ReservationKind.HOLD,
        store_id=till.store_id,
        terminal_id=till.terminal_id,
        incarnation=0,
        number=0,
        granted_minor=amount_minor,
        amount_minor=amount_minor,
        granted_at=_LONG_AGO,
        things=things,
    )
