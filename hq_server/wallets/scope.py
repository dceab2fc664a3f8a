"""Owns a member's entry into a store's scope from outside a push: the store asked for the member, so its replica is to hold the row from now on; and the exit from it,
after which the store's tills delete the row (H9). Who leaves is decided by `members.leaving`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from secrets import token_bytes
from typing import Final

from sqlalchemy import bindparam, delete, select

from hq_server.database.engine import WriteSession
from hq_server.database.models import ScopeMember, WalletRecord
from hq_server.database.prepared import Prepared
from hq_server.feed.outbox import Change, leave
from hq_server.wallets.guarded import Stamp, write_over
from stored_value.identity import EventId, MemberId, StoreId, uuid7
from stored_value.wallet import Wallet
from sync.wallet_codec import read_wallet

_ENTER: Final = Prepared(
    lambda insert: (
        insert(ScopeMember)
        .values(member_id=bindparam("member"), store_id=bindparam("store"), entered_at=bindparam("at"))
        .on_conflict_do_nothing()
        .returning(ScopeMember.store_id)
    )
)
_LEAVE: Final = Prepared(
    delete(ScopeMember)
    .where(ScopeMember.member_id == bindparam("member"), ScopeMember.store_id == bindparam("store"))
    .returning(ScopeMember.store_id)
)
_STATE: Final = Prepared(select(WalletRecord.state).where(WalletRecord.member_id == bindparam("member")))


class WalletChanged(Exception):
    """Another writer changed the wallet meanwhile: do the same again."""


def enter_scope(
    session: WriteSession,
    member_id: MemberId,
    store_id: StoreId,
    *,
    at: datetime,
    random: Callable[[int], bytes] = token_bytes,
) -> bool:
    """True when the member is new to the store: the wallet's version is bumped and the full row goes to every store that knows the member.
    Does nothing a second time. May raise `WalletChanged`."""
    if not note_in_scope(session, member_id, store_id, at=at):
        return False
    bump_version(session, member_id, at=at)
    change_id = EventId(uuid7(at, random(10)))
    leave(session, member_id, change_id, Change(entered=(store_id,)))
    return True


def note_in_scope(session: WriteSession, member_id: MemberId, store_id: StoreId, *, at: datetime) -> bool:
    """The row alone; True when it is new. The caller bumps the version and says who entered."""
    return bool(_ENTER.rows(session, member=member_id, store=store_id, at=at))


def bump_version(session: WriteSession, member_id: MemberId, *, at: datetime) -> None:
    """A new version of an unchanged wallet, so that replicas take the row. A member without a wallet has none to bump."""
    found = _STATE.row(session, member=member_id)
    if found is None:
        return
    wallet = read_wallet(found[0])
    if not write_over(session, replace(wallet, version=wallet.version + 1), at):
        raise WalletChanged(f"the wallet of {member_id} changed meanwhile")


def leave_scope(session: WriteSession, wallet: Wallet, store_id: StoreId, stamp: Stamp) -> Wallet:
    """`wallet` is locked, and returned one version further: the exit's row bears that or a later one, so that whatever the store's tills hold is not newer.
    Returned as it is when the store did not know the member."""
    if not _LEAVE.rows(session, member=wallet.member_id, store=store_id):
        return wallet
    further = replace(wallet, version=wallet.version + 1)
    assert write_over(session, further, stamp.at), "a locked wallet changed"
    change_id = EventId(uuid7(stamp.at, stamp.random(10)))
    leave(session, wallet.member_id, change_id, Change(left=(store_id,)))
    return further
