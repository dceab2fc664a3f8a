"""Owns what tills may hold that head office has forgotten (H1): until it has reported in the new epoch, each till counts as holding the most that the policy leases."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import ScopeMember, Terminal, TerminalStatus
from hq_server.database.prepared import Prepared
from hq_server.feed.publishing import current_epoch
from stored_value.identity import StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind
from stored_value.wallet import Wallet

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_STORES: Final = Prepared(select(ScopeMember.store_id).where(ScopeMember.member_id == bindparam("member")))
_SILENT: Final = Prepared(
    select(Terminal.store_id, Terminal.terminal_id)
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


def silent_tills(session: ReadSession, member_id: str, epoch: str) -> tuple[Till, ...]:
    """Of the stores that know the member. A revoked till will never report: revoking it was the decision not to wait."""
    stores = [store_id for (store_id,) in _STORES.rows(session, member=member_id)]
    if not stores:
        return ()
    found = _SILENT.rows(session, stores=stores, epoch=epoch)
    return tuple(Till(StoreId(store_id), TerminalId(terminal_id)) for store_id, terminal_id in found)


def unknown_minor(wallet: Wallet, till: Till, policy: LeasePolicy) -> int:
    """What a silent till may hold of the member beyond the leases that head office knows of."""
    if not policy.tills_max:
        return 0
    known = sum(
        kept.amount_minor
        for kept in wallet.reservations
        if kept.kind is ReservationKind.LEASE and kept.number and kept.terminal_id == till.terminal_id
    )
    return max(0, policy.amount_minor - known)


def with_presumed(wallet: Wallet, silent: tuple[Till, ...], policy: LeasePolicy) -> Wallet:
    """The wallet as decisions must see it; never written."""
    presumed = tuple(_presumed(till, amount) for till in silent if (amount := unknown_minor(wallet, till, policy)))
    return replace(wallet, reservations=(*wallet.reservations, *presumed)) if presumed else wallet


def is_presumed(kept: Reservation) -> bool:
    """Stands in no wallet."""
    return kept.granted_at == _LONG_AGO


def as_if_reported(session: ReadSession, wallets: Mapping[str, Wallet], policy: LeasePolicy) -> dict[str, Wallet]:
    """The same for what head office does itself with wallets (H5): none of it may take what a silent till may have leased. One question where no till is silent."""
    epoch = current_epoch(session)
    if not policy.tills_max or _ANY_SILENT.row(session, epoch=epoch) is None:
        return dict(wallets)
    return {
        member_id: with_presumed(wallet, silent_tills(session, member_id, epoch), policy)
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
