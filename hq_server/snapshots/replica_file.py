"""Owns what goes into a snapshot: reads one consistent state of the database and writes it as a `replica.db`, whole, or from an earlier file and what changed since.
Called by `snapshots.builder`.

The feed cursors it names are read in the same state as the rows. Rows may be newer than the cursor, because the sequencer follows commits; never
older. A till that follows the feed from there meets some rows again and changes nothing.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, func, select

from hq_server.database.among import among
from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    CampaignCount,
    Feed,
    Member,
    Outbox,
    PaymentPin,
    PurchaseRecord,
    RulebookVersion,
    ScopeMember,
    Staff,
    StaffVerifier,
    Store,
    WalletRecord,
)
from hq_server.exceptions.telling import settled_findings
from hq_server.feed.publishing import current_epoch, heads_of
from stored_value.rulebook_document import parse_rulebook
from stored_value.wallet import WalletStatus
from sync.message_types import prepare
from sync.messages import GLOBAL_SCOPE

_ROWS_A_FETCH = 2_000


class _Naming(msgspec.Struct):
    """Of a feed row, the member it is about; "" when it is about none."""

    member_id: str = ""


_decode_naming = msgspec.json.Decoder(_Naming).decode


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


def renew_replica(session: ReadSession, path: Path, store_id: str, *, as_of: datetime) -> ReplicaFacts | None:
    """Brings an earlier file of the same store to where a whole new one would stand, reading only members whom the feed or the outbox has named since.
    None when that cannot be: the file is of another epoch or of other rulebooks; it must then be thrown away."""
    epoch = current_epoch(session)
    heads = heads_of(session, epoch)
    cursor, global_cursor = heads.get(store_id, 0), heads.get(GLOBAL_SCOPE, 0)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as replica:
        stood = replica.execute("SELECT epoch, cursor FROM cursors WHERE scope = ?", (store_id,)).fetchone()
        versions = [version for (version,) in replica.execute("SELECT version FROM rulebooks ORDER BY version")]
        known = list(session.scalars(select(RulebookVersion.version).order_by(RulebookVersion.version)))
        if stood is None or stood[0] != epoch or stood[1] > cursor or versions != known:
            return None
        replica.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; BEGIN")
        _follow(session, replica, store_id, _named_since(session, store_id, epoch, stood[1]), as_of)
        moved = ((cursor, as_of.isoformat(), store_id), (global_cursor, as_of.isoformat(), GLOBAL_SCOPE))
        replica.executemany("UPDATE cursors SET cursor = ?, as_of = ? WHERE scope = ?", moved)
        replica.execute("COMMIT")
        count: int = replica.execute("SELECT count(*) FROM members").fetchone()[0]
    return ReplicaFacts(epoch=epoch, cursor=cursor, global_cursor=global_cursor, members=count)


def _named_since(session: ReadSession, store_id: str, epoch: str, cursor: int) -> list[str]:
    """Members of whom something changed, or may have: what was committed stands in the feed or still in the outbox."""
    payloads = session.scalars(
        select(Feed.payload)
        .where(Feed.feed_id == store_id, Feed.epoch == epoch, Feed.seq > cursor)
        .execution_options(yield_per=_ROWS_A_FETCH)
    )
    named = {_decode_naming(payload).member_id for payload in payloads}
    return sorted((named | set(session.scalars(select(Outbox.member_id).distinct()))) - {""})


def _follow(
    session: ReadSession, replica: sqlite3.Connection, store_id: str, named: Sequence[str], as_of: datetime
) -> None:
    since, in_scope = _purchases_since(session, as_of), ScopeMember.store_id == store_id
    replica.execute("DELETE FROM purchases WHERE business_date < ?", (since.isoformat(),))
    for start in range(0, len(named), _ROWS_A_FETCH):
        part = named[start : start + _ROWS_A_FETCH]
        for table in ("members", "purchases"):
            replica.executemany(f"DELETE FROM {table} WHERE member_id = ?", ((each,) for each in part))  # noqa: S608 - names from this module
        _copy(session, replica, "members", _members().where(in_scope, among(Member.member_id, part)))
        bought = _purchases().where(in_scope, PurchaseRecord.business_date >= since)
        _copy(session, replica, "purchases", bought.where(among(PurchaseRecord.member_id, part)))
    for table in ("staff", "rulebooks", "stores", "blocks", "campaign_uses", "settled_findings"):
        replica.execute(f"DELETE FROM {table}")  # noqa: S608  names from this module
    _fill_beside(session, replica, store_id)


def _fill(session: ReadSession, replica: sqlite3.Connection, store_id: str, as_of: datetime) -> None:
    in_scope = ScopeMember.store_id == store_id
    since = _purchases_since(session, as_of)
    # Only the ids are sorted in one piece: sorting whole rows took a million members' wallets into memory.
    members = select(ScopeMember.member_id).where(in_scope).order_by(ScopeMember.member_id)
    for part in session.scalars(members, execution_options={"yield_per": _ROWS_A_FETCH}).partitions():
        rows = _members().where(in_scope, among(Member.member_id, part)).order_by(Member.member_id)
        _copy(session, replica, "members", rows)
    _copy(session, replica, "purchases", _purchases().where(in_scope, PurchaseRecord.business_date >= since))
    _fill_beside(session, replica, store_id)


def _fill_beside(session: ReadSession, replica: sqlite3.Connection, store_id: str) -> None:
    """All but members and what they bought: little, and copied anew each time."""
    _copy(session, replica, "staff", _staff().where(StaffVerifier.store_id == store_id))
    _copy(session, replica, "rulebooks", _rulebooks())
    _copy(session, replica, "stores", select(Store.store_id, Store.name, Store.zone))
    _copy(session, replica, "blocks", _blocks())
    counts = select(CampaignCount.promotion_id, CampaignCount.times, CampaignCount.bonus_minor)
    _copy(session, replica, "campaign_uses", counts)
    _copy(session, replica, "settled_findings", settled_findings(store_id))


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
            func.coalesce(PaymentPin.verifier, "").label("pin"),
        )
        .join(ScopeMember, ScopeMember.member_id == Member.member_id)
        .join(WalletRecord, WalletRecord.member_id == Member.member_id)
        .outerjoin(PaymentPin, and_(PaymentPin.member_id == Member.member_id, PaymentPin.ended_at.is_(None)))
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


def _purchases_since(session: ReadSession, as_of: datetime) -> date:
    """A day more than the longest time in which any known rulebook lets a purchase be refunded."""
    documents = session.scalars(select(RulebookVersion.document))
    days = max((parse_rulebook(document).limits.refund_days for document in documents), default=0)
    return as_of.date() - timedelta(days=days + 1)


def _copy(session: ReadSession, replica: sqlite3.Connection, table: str, query: Select[*tuple[Any, ...]]) -> None:
    rows = session.execute(query, execution_options={"yield_per": _ROWS_A_FETCH})
    _insert(replica, table, tuple(rows.keys()), _plain(rows))


def _insert(replica: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    replica.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608  names from this module


def _plain(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in row)


prepare(globals())
