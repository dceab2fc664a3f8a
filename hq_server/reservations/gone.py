"""Owns how much of what is kept for tills is not there any more: another till took it at its own risk, and its report is in the books (L5). The till that keeps it may spend it
all the same, so it counts as exposure, and the lease desk asks it back. Reads only; called by `exposure`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord, ReservationState, WalletRecord
from hq_server.database.prepared import Prepared
from stored_value.identity import StoreId
from stored_value.reservations import gone_minor
from stored_value.wallet import Wallet
from sync.wallet_codec import read_wallet

_BATCH_MEMBERS: Final = 1_000
_GRANTED: Final = Prepared(
    select(ReservationRecord.member_id, ReservationRecord.store_id, func.sum(ReservationRecord.amount_minor))
    .where(ReservationRecord.state == bindparam("state"), ReservationRecord.amount_minor > 0)
    .group_by(ReservationRecord.member_id, ReservationRecord.store_id)
)
_HELD: Final = Prepared(
    select(WalletRecord.member_id, WalletRecord.principal_minor + WalletRecord.bonus_minor).where(
        among_given(WalletRecord.member_id, "members")
    )
)
_STATES: Final = Prepared(select(WalletRecord.state).where(among_given(WalletRecord.member_id, "members")))


def gone_in_all(session: ReadSession, store_id: StoreId | None = None) -> int:
    """Of every member; with a store, no more of each than its own tills keep."""
    wallets = _doubted(session, store_id)
    return sum(min(gone_minor(wallet), _kept_by(wallet, store_id)) for wallet in wallets)


def _kept_by(wallet: Wallet, store_id: StoreId | None) -> int:
    return sum(kept.amount_minor for kept in wallet.reservations if store_id in (None, kept.store_id))


def _doubted(session: ReadSession, store_id: StoreId | None) -> Iterator[Wallet]:
    """Wallets of which more was granted than they hold: a lease that was spent in part still keeps less."""
    granted: defaultdict[str, int] = defaultdict(int)
    of_store: set[str] = set()
    for member_id, store, amount in _GRANTED.rows(session, state=ReservationState.OPEN):
        granted[member_id] += int(amount)
        if store_id in (None, store):
            of_store.add(member_id)
    members = sorted(of_store)
    for first in range(0, len(members), _BATCH_MEMBERS):
        batch = members[first : first + _BATCH_MEMBERS]
        doubted = [member_id for member_id, held in _HELD.rows(session, members=batch) if granted[member_id] > held]
        yield from _read(session, doubted)


def _read(session: ReadSession, members: Sequence[str]) -> list[Wallet]:
    return [read_wallet(state) for (state,) in _STATES.rows(session, members=list(members))] if members else []
