"""Owns the way from a figure to the receipts behind it, by the postings that make it up. Called by the console and by tests; writes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from hq_server.database.engine import ReadSession
from hq_server.database.models import PostingRecord, WalletEventRecord
from hq_server.settlement.figures import MEASURES, Figure
from stored_value.identity import EventId, MemberId, StoreId, TerminalId

PAGE_ROWS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedReceipt:
    """`amount_minor` is what this receipt adds to the figure, which may be a part of the receipt's own amount."""

    event_id: EventId
    member_id: MemberId
    kind: str
    receipt_no: str
    store_id: StoreId
    terminal_id: TerminalId
    incarnation: int
    seq: int
    business_date: date
    occurred_at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One page, oldest first; `after` is the key of the next, None at the end."""

    receipts: tuple[ExplainedReceipt, ...]
    after: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTotal:
    amount_minor: int
    receipts: int


def explain(
    session: ReadSession, figure: Figure, *, after: tuple[str, str] | None = None, rows_max: int = PAGE_ROWS
) -> Explanation:
    sign = MEASURES[figure.name].sign
    sums = _sums(figure)
    if after is not None:
        sums = sums.where(tuple_(PostingRecord.event_id, PostingRecord.member_id) > tuple_(*after))
    page = sums.order_by(PostingRecord.event_id, PostingRecord.member_id).limit(rows_max + 1).subquery()
    wanted = (
        select(WalletEventRecord, page.c.counted_minor)
        .join(
            page,
            (WalletEventRecord.member_id == page.c.member_id) & (WalletEventRecord.event_id == page.c.event_id),
        )
        .order_by(WalletEventRecord.event_id, WalletEventRecord.member_id)
    )
    found = session.execute(wanted).all()
    receipts = tuple(_receipt(event, sign * int(amount)) for event, amount in found[:rows_max])
    more = len(found) > rows_max
    return Explanation(receipts=receipts, after=(receipts[-1].event_id, receipts[-1].member_id) if more else None)


def explained_total(session: ReadSession, figure: Figure) -> ExplainedTotal:
    """All pages added up: what the figure must be once the outbox is empty."""
    events = _sums(figure).subquery()
    amount, count = session.execute(select(func.sum(events.c.counted_minor), func.count()).select_from(events)).one()
    return ExplainedTotal(amount_minor=MEASURES[figure.name].sign * int(amount or 0), receipts=count)


def _sums(figure: Figure) -> Select[str, str, int]:
    """By event, what its postings add to the figure."""
    counted = func.sum(PostingRecord.amount_minor).label("counted_minor")
    return (
        select(PostingRecord.member_id, PostingRecord.event_id, counted)
        .where(*_conditions(figure))
        .group_by(PostingRecord.member_id, PostingRecord.event_id)
    )


def _conditions(figure: Figure) -> list[ColumnElement[bool]]:
    measure = MEASURES[figure.name]
    conditions: list[ColumnElement[bool]] = [
        PostingRecord.account.in_(sorted(measure.accounts)),
        PostingRecord.business_date.between(figure.from_date, figure.to_date),
    ]
    if figure.store_id is not None:
        conditions.append(PostingRecord.store_id == figure.store_id)
    if figure.detail is not None:
        conditions.append(PostingRecord.detail == figure.detail)
    if measure.kinds:
        conditions.append(PostingRecord.kind.in_(sorted(measure.kinds)))
    if measure.debits_only:
        conditions.append(PostingRecord.amount_minor > 0)
    return conditions


def _receipt(event: WalletEventRecord, amount_minor: int) -> ExplainedReceipt:
    return ExplainedReceipt(
        event_id=EventId(event.event_id),
        member_id=MemberId(event.member_id),
        kind=event.kind,
        receipt_no=event.receipt_no,
        store_id=StoreId(event.store_id),
        terminal_id=TerminalId(event.terminal_id),
        incarnation=event.incarnation,
        seq=event.seq,
        business_date=event.business_date,
        occurred_at=event.occurred_at,
        amount_minor=amount_minor,
    )
