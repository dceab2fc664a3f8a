"""Owns changing a wallet outside a push: locked, changed, one version further, told to every store that knows the member. Called by whatever keeps or frees value for tills.

On SQLite the unit of work holds the only write lock; elsewhere the row is locked. Lock a till's row before any wallet, and wallets in the order of their members.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from hq_server.database.among import among_given
from hq_server.database.engine import WriteSession
from hq_server.database.models import WalletRecord
from hq_server.database.prepared import Prepared, PreparedChange
from hq_server.feed.outbox import Change, leave
from stored_value.identity import EventId, MemberId, StoreId, uuid7
from stored_value.wallet import Wallet
from sync.wallet_codec import read_wallet, write_wallet

LOOK_AT_ONCE = date.min
"""A `due_on` that makes head office's run look at a wallet again: what was due may have waited for a reservation (H5)."""


_LOCK: Final = Prepared(
    select(WalletRecord.member_id)
    .where(among_given(WalletRecord.member_id, "members"))
    .order_by(WalletRecord.member_id)
    .with_for_update(key_share=True)
)
_LOCKED: Final = Prepared(
    select(WalletRecord.state).where(WalletRecord.member_id == bindparam("member")).with_for_update(key_share=True)
)
_PUTTING: Final = (
    update(WalletRecord)
    .where(WalletRecord.member_id == bindparam("member"), WalletRecord.version == bindparam("before"))
    .values(
        version=bindparam("after"), prior_version=bindparam("before"), state=bindparam("to"), updated_at=bindparam("at")
    )
)
_PUT: Final = PreparedChange(_PUTTING)
_PUT_DUE: Final = PreparedChange(_PUTTING.values(due_on=LOOK_AT_ONCE))


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a change is made, and the random bytes that name it."""

    at: datetime
    random: Callable[[int], bytes]


def lock_wallets(session: WriteSession, member_ids: Iterable[str]) -> None:
    """Until the commit, in the order of their members; what a unit of work changes is locked here first when it comes from more than one place."""
    wanted = sorted(set(member_ids))
    if wanted:
        _LOCK.rows(session, members=wanted)


def locked_wallet(session: WriteSession, member_id: str) -> Wallet | None:
    """As it stands now, and stays until the commit; None for a member without one."""
    found = _LOCKED.row(session, member=member_id)
    return None if found is None else read_wallet(found[0])


def write_over(session: WriteSession, changed: Wallet, at: datetime, *, due: bool = False) -> bool:
    """Puts the wallet in the place of the version before; False when that stands no more."""
    writing = _PUT_DUE if due else _PUT
    state, before = write_wallet(changed), changed.version - 1
    return writing.run(session, member=changed.member_id, before=before, after=changed.version, to=state, at=at) == 1


def put_wallet(
    session: WriteSession, after: Wallet, stamp: Stamp, *, entered: tuple[StoreId, ...] = (), due: bool = False
) -> Wallet:
    """`after` was made from a locked wallet and still bears its version; returned as it is written, one version further.
    Lots and receivables must be as they were: only what stands beside the money changes here. `due`: to be looked at by the next run."""
    changed = replace(after, version=after.version + 1)
    assert write_over(session, changed, stamp.at, due=due), "a locked wallet changed"
    change_id = EventId(uuid7(stamp.at, stamp.random(10)))
    leave(session, MemberId(after.member_id), change_id, Change(entered=entered))
    return changed
