"""Owns what tills may hold that head office has forgotten (H1): until it has reported in the new epoch, each till counts as holding the most that any rulebook in force since
its last report leases."""

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
from stored_value.identity import StoreId, TerminalId
from stored_value.offline_policy import OfflinePolicy
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind
from stored_value.wallet import Wallet

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


def most_leased_minor(policies: Iterable[OfflinePolicy]) -> int:
    """To one till of one member."""
    return max((policy.leases.amount_minor for policy in policies if policy.leases.tills_max), default=0)


def unknown_minor(wallet: Wallet, till: Till, most_minor: int) -> int:
    """What a silent till may hold of the member beyond the leases that head office knows of."""
    known = sum(
        kept.amount_minor
        for kept in wallet.reservations
        if kept.kind is ReservationKind.LEASE and kept.number and kept.terminal_id == till.terminal_id
    )
    return max(0, most_minor - known)


def with_presumed(wallet: Wallet, silent: tuple[SilentTill, ...], rulebooks: Rulebooks, now: datetime) -> Wallet:
    """The wallet as decisions must see it; never written."""
    presumed = tuple(
        _presumed(each.till, amount)
        for each in silent
        if (amount := unknown_minor(wallet, each.till, most_leased_minor(rulebooks.offline_since(each.heard_at, now))))
    )
    return replace(wallet, reservations=(*wallet.reservations, *presumed)) if presumed else wallet


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


def _presumed(till: Till, amount_minor: int) -> Reservation:
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
    )
