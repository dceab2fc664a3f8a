"""Owns how a member and a purchase look in a feed, a snapshot or a read from outside the scope: only what a till may know (L10)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, func, select

from hq_server.database.among import among, pair_among
from hq_server.database.engine import ReadSession
from hq_server.database.models import Member, PurchaseRecord, WalletRecord
from stored_value.identity import EventId, MemberId, StoreId, TerminalId
from sync.messages import MemberRow, PurchaseRow

RECENT_PURCHASES_MAX = 20
"""How many purchases of a member go along when a store comes to know the member."""
_CHUNK = 500


def _members() -> Select[tuple[object, ...]]:
    return select(
        Member.member_id,
        Member.member_no,
        Member.card_issue,
        Member.name_masked,
        Member.phone_last4,
        Member.phone_tag,
        Member.home_store_id,
        WalletRecord.version,
        WalletRecord.state,
        WalletRecord.updated_at,
    ).join(WalletRecord, WalletRecord.member_id == Member.member_id)  # type: ignore[return-value]


def member_rows(session: ReadSession, member_ids: Sequence[str]) -> Iterator[MemberRow]:
    """In the order of ids; a wallet whose member has not been enrolled here is left out."""
    ordered = sorted(set(member_ids))
    for start in range(0, len(ordered), _CHUNK):
        found = session.execute(
            _members().where(among(Member.member_id, ordered[start : start + _CHUNK])).order_by(Member.member_id)
        )
        yield from (_member_row(row) for row in found)


def _member_row(row: Row[tuple[object, ...]]) -> MemberRow:
    return MemberRow(
        member_id=MemberId(row.member_id),
        member_no=row.member_no,
        card_issue=row.card_issue,
        name_masked=row.name_masked,
        phone_last4=row.phone_last4,
        phone_tag=row.phone_tag,
        home_store_id=StoreId(row.home_store_id),
        version=row.version,
        wallet=msgspec.Raw(row.state),
        updated_at=row.updated_at,
    )


def purchase_rows(session: ReadSession, keys: Sequence[tuple[str, str]]) -> Iterator[PurchaseRow]:
    """By (member, purchase)."""
    for start in range(0, len(keys), _CHUNK):
        wanted = pair_among(PurchaseRecord.member_id, PurchaseRecord.purchase_id, keys[start : start + _CHUNK])
        yield from map(_purchase_row, session.execute(_purchases().where(wanted)))


def recent_purchases(session: ReadSession, member_ids: Iterable[str]) -> Mapping[str, Sequence[PurchaseRow]]:
    """By member, the newest first."""
    newest = func.row_number().over(partition_by=PurchaseRecord.member_id, order_by=PurchaseRecord.purchase_id.desc())
    ordered = sorted(set(member_ids))
    recent: defaultdict[str, list[PurchaseRow]] = defaultdict(list)
    for start in range(0, len(ordered), _CHUNK):
        known = among(PurchaseRecord.member_id, ordered[start : start + _CHUNK])
        ranked = _purchases().add_columns(newest.label("place")).where(known).subquery()
        for row in session.execute(
            select(ranked).where(ranked.c.place <= RECENT_PURCHASES_MAX).order_by(ranked.c.member_id, ranked.c.place)
        ):
            recent[row.member_id].append(_purchase_row(row))
    return recent


def _purchases() -> Select[*tuple[Any, ...]]:
    return select(
        PurchaseRecord.purchase_id,
        PurchaseRecord.member_id,
        PurchaseRecord.terminal_id,
        PurchaseRecord.receipt_no,
        PurchaseRecord.business_date,
        PurchaseRecord.version,
        PurchaseRecord.state,
    )


def _purchase_row(row: Row[*tuple[Any, ...]]) -> PurchaseRow:
    return PurchaseRow(
        purchase_id=EventId(row.purchase_id),
        member_id=MemberId(row.member_id),
        terminal_id=TerminalId(row.terminal_id),
        receipt_no=row.receipt_no,
        business_date=row.business_date,
        version=row.version,
        purchase=msgspec.Raw(row.state),
    )
