"""Owns what goes into a snapshot: reads one consistent state of the database and writes it as a `replica.db`. Called by `snapshots.builder`.

The feed cursors it names are read in the same state as the rows. Rows may be newer than the cursor, because the sequencer follows commits; never
older. A till that follows the feed from there meets some rows again and changes nothing.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, and_, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    CampaignCount,
    Member,
    PurchaseRecord,
    RulebookVersion,
    ScopeMember,
    Staff,
    StaffVerifier,
    Store,
    WalletRecord,
)
from hq_server.feed.publishing import current_epoch, heads_of
from stored_value.rulebook_document import parse_rulebook
from stored_value.wallet import WalletStatus
from sync.messages import GLOBAL_SCOPE

_ROWS_A_FETCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaFacts:
    """Where in the feeds the file stands."""

    epoch: str
    cursor: int
    global_cursor: int
    members: int


def write_replica(session: ReadSession, path: Path, store_id: str, *, as_of: datetime) -> ReplicaFacts:
    """Fills the empty replica at `path` from one read session."""
    epoch = current_epoch(session)
    heads = heads_of(session, epoch)
    cursor, global_cursor = heads.get(store_id, 0), heads.get(GLOBAL_SCOPE, 0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as replica:
        # The file is thrown away when anything fails, so nothing needs to be durable before it is packed.
        replica.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; BEGIN")
        _fill(session, replica, store_id, as_of)
        cursors = (
            (store_id, epoch, cursor, as_of.isoformat()),
            (GLOBAL_SCOPE, epoch, global_cursor, as_of.isoformat()),
        )
        _insert(replica, "cursors", ("scope", "epoch", "cursor", "as_of"), cursors)
        replica.execute("COMMIT")
        count: int = replica.execute("SELECT count(*) FROM members").fetchone()[0]
    return ReplicaFacts(epoch=epoch, cursor=cursor, global_cursor=global_cursor, members=count)


def _fill(session: ReadSession, replica: sqlite3.Connection, store_id: str, as_of: datetime) -> None:
    in_scope = ScopeMember.store_id == store_id
    since = as_of.date() - timedelta(days=_refund_days(session) + 1)
    _copy(session, replica, "members", _members().where(in_scope).order_by(Member.member_id))
    _copy(session, replica, "purchases", _purchases().where(in_scope, PurchaseRecord.business_date >= since))
    _copy(session, replica, "staff", _staff().where(StaffVerifier.store_id == store_id))
    _copy(session, replica, "rulebooks", _rulebooks())
    _copy(session, replica, "stores", select(Store.store_id, Store.name, Store.zone))
    _copy(session, replica, "blocks", _blocks())
    counts = select(CampaignCount.promotion_id, CampaignCount.times, CampaignCount.bonus_minor)
    _copy(session, replica, "campaign_uses", counts)


def _members() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Member.member_id,
            Member.member_no,
            Member.card_issue,
            Member.name_masked,
            Member.phone_last4,
            Member.phone_tag,
            Member.home_store_id,
            WalletRecord.version,
            WalletRecord.state.label("wallet"),
            WalletRecord.updated_at,
        )
        .join(ScopeMember, ScopeMember.member_id == Member.member_id)
        .join(WalletRecord, WalletRecord.member_id == Member.member_id)
    )


def _purchases() -> Select[*tuple[Any, ...]]:
    return select(
        PurchaseRecord.purchase_id,
        PurchaseRecord.member_id,
        PurchaseRecord.terminal_id,
        PurchaseRecord.receipt_no,
        PurchaseRecord.business_date,
        PurchaseRecord.version,
        PurchaseRecord.state.label("purchase"),
    ).join(ScopeMember, ScopeMember.member_id == PurchaseRecord.member_id)


def _staff() -> Select[*tuple[Any, ...]]:
    return select(
        Staff.staff_id,
        Staff.name,
        Staff.role,
        StaffVerifier.verifier,
        and_(Staff.active, StaffVerifier.active).label("active"),
        StaffVerifier.updated_at,
    ).join(StaffVerifier, StaffVerifier.staff_id == Staff.staff_id)


def _rulebooks() -> Select[*tuple[Any, ...]]:
    return select(
        RulebookVersion.version,
        RulebookVersion.effective_at,
        RulebookVersion.document,
        RulebookVersion.signature,
        RulebookVersion.key_id,
    )


def _blocks() -> Select[*tuple[Any, ...]]:
    """Of every member, in scope or not: a blocked card is refused everywhere."""
    return select(WalletRecord.member_id, WalletRecord.status, WalletRecord.version, WalletRecord.updated_at).where(
        WalletRecord.status != WalletStatus.ACTIVE
    )


def _refund_days(session: ReadSession) -> int:
    """The longest time in which any known rulebook lets a purchase be refunded."""
    documents = session.scalars(select(RulebookVersion.document))
    return max((parse_rulebook(document).limits.refund_days for document in documents), default=0)


def _copy(session: ReadSession, replica: sqlite3.Connection, table: str, query: Select[*tuple[Any, ...]]) -> None:
    rows = session.execute(query, execution_options={"yield_per": _ROWS_A_FETCH})
    _insert(replica, table, tuple(rows.keys()), _plain(rows))


def _insert(replica: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    replica.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608  names from this module


def _plain(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in row)
