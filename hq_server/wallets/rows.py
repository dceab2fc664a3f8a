"""Owns how a member and a purchase look in a feed, a snapshot or a read from outside the scope: only what a till may know (L10)."""

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Row, Select, select

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
            _members().where(Member.member_id.in_(ordered[start : start + _CHUNK])).order_by(Member.member_id)
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
        part = keys[start : start + _CHUNK]
        wanted = set(part)
        found = session.execute(
            select(PurchaseRecord).where(
                PurchaseRecord.member_id.in_({member_id for member_id, _ in part}),
                PurchaseRecord.purchase_id.in_({purchase_id for _, purchase_id in part}),
            )
        ).scalars()
        yield from (purchase_row(row) for row in found if (row.member_id, row.purchase_id) in wanted)


def recent_purchases(session: ReadSession, member_id: str) -> list[PurchaseRow]:
    found = session.execute(
        select(PurchaseRecord)
        .where(PurchaseRecord.member_id == member_id)
        .order_by(PurchaseRecord.purchase_id.desc())
        .limit(RECENT_PURCHASES_MAX)
    ).scalars()
    return [purchase_row(row) for row in found]


def purchase_row(record: PurchaseRecord) -> PurchaseRow:
    return PurchaseRow(
        purchase_id=EventId(record.purchase_id),
        member_id=MemberId(record.member_id),
        terminal_id=TerminalId(record.terminal_id),
        receipt_no=record.receipt_no,
        business_date=record.business_date,
        version=record.version,
        purchase=msgspec.Raw(record.state),
    )
