"""Owns a member's entry into a store's scope from outside a push: the store asked for the member, so its replica is to hold the row from now on (H9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from secrets import token_bytes

from sqlalchemy import update

from hq_server.database.engine import WriteSession
from hq_server.database.models import ScopeMember, WalletRecord
from hq_server.database.upsert import upsert
from hq_server.feed.outbox import Change, leave
from stored_value.identity import EventId, MemberId, StoreId, uuid7
from sync.wallet_codec import read_wallet, write_wallet


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
    entered = session.execute(
        upsert(session, ScopeMember)
        .values(member_id=member_id, store_id=store_id, entered_at=at)
        .on_conflict_do_nothing()
        .returning(ScopeMember.store_id)
    ).first()
    return entered is not None


def bump_version(session: WriteSession, member_id: MemberId, *, at: datetime) -> None:
    """A new version of an unchanged wallet, so that replicas take the row. A member without a wallet has none to bump."""
    record = session.get(WalletRecord, member_id, populate_existing=True)
    if record is None:
        return
    version = record.version + 1
    state = write_wallet(replace(read_wallet(record.state), version=version))
    changed = session.execute(
        update(WalletRecord)
        .where(WalletRecord.member_id == member_id, WalletRecord.version == record.version)
        .values(version=version, prior_version=record.version, state=state, updated_at=at)
        .returning(WalletRecord.version)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise WalletChanged(f"the wallet of {member_id} changed meanwhile")
