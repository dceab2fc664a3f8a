"""Owns members whom head office enters itself, without a till: the import and the sample franchise. Called inside the caller's unit of work."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from hq_server.database.engine import WriteSession
from hq_server.database.models import Member, ScopeMember, WalletRecord
from hq_server.feed.outbox import Change, leave
from hq_server.keys.key_files import HqKeys
from hq_server.members.personal import NewMember, member_row
from stored_value.apply import new_wallet
from stored_value.identity import EventId, MemberId, StoreId, uuid7
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet
from sync.personal import Personal
from sync.wallet_codec import write_wallet

_FIRST_VERSION = 1


def enter_members(
    session: WriteSession,
    keys: HqKeys,
    people: Iterable[tuple[NewMember, Personal]],
    rulebook: Rulebook,
    *,
    now: datetime,
) -> int:
    """Each with an empty wallet and in the scope of the home store; returns how many."""
    rows: list[Member | WalletRecord | ScopeMember] = []
    homes: list[tuple[MemberId, StoreId]] = []
    for new, personal in people:
        wallet = replace(new_wallet(new.member_id, rulebook), version=_FIRST_VERSION)
        rows.append(member_row(keys, new, personal, now=now))
        rows.append(_empty_wallet(wallet, now))
        rows.append(ScopeMember(member_id=new.member_id, store_id=new.home_store_id, entered_at=now))
        homes.append((new.member_id, new.home_store_id))
    session.add_all(rows)
    session.flush()
    for member_id, store_id in homes:
        leave(session, member_id, EventId(uuid7(now, keys.random(10))), Change(entered=(store_id,)))
    return len(homes)


def _empty_wallet(wallet: Wallet, now: datetime) -> WalletRecord:
    return WalletRecord(
        member_id=wallet.member_id,
        version=wallet.version,
        prior_version=wallet.version - 1,
        state=write_wallet(wallet),
        status=wallet.status,
        tier_id=wallet.tier_id,
        principal_minor=0,
        bonus_minor=0,
        receivable_minor=0,
        updated_at=now,
    )
