"""Owns a member's entry into a store's scope from outside a push: the store asked for the member, so its replica is to hold the row from now on (H9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from secrets import token_bytes
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.engine import WriteSession
from hq_server.database.models import ScopeMember, WalletRecord
from hq_server.database.prepared import Prepared
from hq_server.feed.outbox import Change, leave
from hq_server.wallets.guarded import write_over
from stored_value.identity import EventId, MemberId, StoreId, uuid7
from sync.wallet_codec import read_wallet

_ENTER: Final = Prepared(
    lambda insert: (
        insert(ScopeMember)
        .values(member_id=bindparam("member"), store_id=bindparam("store"), entered_at=bindparam("at"))
        .on_conflict_do_nothing()
        .returning(ScopeMember.store_id)
    )
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
