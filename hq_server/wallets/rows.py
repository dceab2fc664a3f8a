"""Owns how a member and a purchase look in a feed, a snapshot or a read from outside the scope: only what a till may know (L10)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Select, and_, func, select

from hq_server.database.among import among_given, pair_among_given
from hq_server.database.engine import Reading
from hq_server.database.models import Member, PaymentPin, PurchaseRecord, WalletRecord
from hq_server.database.prepared import Prepared
from stored_value.identity import EventId, MemberId, StoreId, TerminalId
from sync.messages import MemberRow, PurchaseRow
from sync.payment_pins import read_verifier

RECENT_PURCHASES_MAX = 20
"""How many purchases of a member go along when a store comes to know the member."""
_CHUNK = 500


_MEMBERS: Final = Prepared(
    select(
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
        PaymentPin.verifier,
    )
    .join(WalletRecord, WalletRecord.member_id == Member.member_id)
    .outerjoin(PaymentPin, and_(PaymentPin.member_id == Member.member_id, PaymentPin.ended_at.is_(None)))
    .where(among_given(Member.member_id, "members"))
    .order_by(Member.member_id)
)
_PURCHASE: Final = (
    PurchaseRecord.purchase_id,
    PurchaseRecord.member_id,
    PurchaseRecord.terminal_id,
    PurchaseRecord.receipt_no,
    PurchaseRecord.business_date,
    PurchaseRecord.version,
    PurchaseRecord.state,
)
_PURCHASES: Final = Prepared(
    select(*_PURCHASE).where(pair_among_given(PurchaseRecord.member_id, PurchaseRecord.purchase_id, "keys"))
)


def _recent() -> Select[str, str, str, str, date, int, bytes]:
    newest = func.row_number().over(partition_by=PurchaseRecord.member_id, order_by=PurchaseRecord.purchase_id.desc())
    known = among_given(PurchaseRecord.member_id, "members")
    ranked = select(*_PURCHASE, newest.label("place")).where(known).subquery()
    wanted: Any = [ranked.c[column.key] for column in _PURCHASE]
    return select(*wanted).where(ranked.c.place <= RECENT_PURCHASES_MAX).order_by(ranked.c.member_id, ranked.c.place)


_RECENT: Final = Prepared(_recent())


def member_rows(session: Reading, member_ids: Sequence[str]) -> Iterator[MemberRow]:
    """In the order of ids; a wallet whose member has not been enrolled here is left out."""
    ordered = sorted(set(member_ids))
    for start in range(0, len(ordered), _CHUNK):
        for row in _MEMBERS.rows(session, members=ordered[start : start + _CHUNK]):
            member_id, member_no, card_issue, name_masked, phone_last4, phone_tag, home, version, state, at, pin = row
            yield MemberRow(
                member_id=MemberId(member_id),
                member_no=member_no,
                card_issue=card_issue,
                name_masked=name_masked,
                phone_last4=phone_last4,
                phone_tag=phone_tag,
                home_store_id=StoreId(home),
                version=version,
                wallet=msgspec.Raw(state),
                updated_at=at,
                pin=read_verifier(pin or ""),
            )


def purchase_rows(session: Reading, keys: Sequence[tuple[str, str]]) -> Iterator[PurchaseRow]:
    """By (member, purchase)."""
    for start in range(0, len(keys), _CHUNK):
        yield from map(_purchase_row, _PURCHASES.rows(session, keys=keys[start : start + _CHUNK]))


def recent_purchases(session: Reading, member_ids: Iterable[str]) -> Mapping[str, Sequence[PurchaseRow]]:
    """By member, the newest first."""
    ordered = sorted(set(member_ids))
    recent: defaultdict[str, list[PurchaseRow]] = defaultdict(list)
    for start in range(0, len(ordered), _CHUNK):
        for row in _RECENT.rows(session, members=ordered[start : start + _CHUNK]):
            purchase = _purchase_row(row)
            recent[purchase.member_id].append(purchase)
    return recent


def _purchase_row(row: tuple[str, str, str, str, date, int, bytes]) -> PurchaseRow:
    purchase_id, member_id, terminal_id, receipt_no, business_date, version, state = row
    return PurchaseRow(
        purchase_id=EventId(purchase_id),
        member_id=MemberId(member_id),
        terminal_id=TerminalId(terminal_id),
        receipt_no=receipt_no,
        business_date=business_date,
        version=version,
        purchase=msgspec.Raw(state),
    )
