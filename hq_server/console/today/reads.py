"""Reads of the running day: each store's own day by its zone, and the receipts that came in last."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import or_, select

from hq_server.console.stores import ShownStore
from hq_server.database.engine import ReadSession
from hq_server.database.models import Member, WalletEventRecord
from hq_server.settlement.service import StoreSettlement, day_settlement

LATEST_ROWS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDay:
    store: ShownStore
    day: date
    figures: StoreSettlement


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestReceipt:
    event_id: str
    kind: str
    receipt_no: str
    store_id: str
    terminal_id: str
    incarnation: int
    seq: int
    member_id: str
    name_masked: str
    amount_minor: int
    offline: bool
    needs_a_person: bool
    occurred_at: datetime
    received_at: datetime


def store_days(session: ReadSession, stores: tuple[ShownStore, ...], *, now: datetime) -> tuple[StoreDay, ...]:
    """One settlement for each day that it is somewhere now."""
    settlements = {day: day_settlement(session, day, day) for day in {store.today(now) for store in stores}}
    days: list[StoreDay] = []
    for store in stores:
        day = store.today(now)
        figures = settlements[day].store(store.store_id)
        assert figures is not None, "every store has a row"
        days.append(StoreDay(store=store, day=day, figures=figures))
    return tuple(days)


def latest_receipts(session: ReadSession, days: tuple[StoreDay, ...]) -> tuple[LatestReceipt, ...]:
    """Of the stores' running business days; newest arrival first."""
    if not days:
        return ()
    own_day = or_(
        *(
            (WalletEventRecord.store_id == each.store.store_id) & (WalletEventRecord.business_date == each.day)
            for each in days
        )
    )
    found = session.execute(
        select(WalletEventRecord, Member.name_masked)
        .join(Member, Member.member_id == WalletEventRecord.member_id, isouter=True)
        .where(own_day)
        .order_by(WalletEventRecord.received_at.desc(), WalletEventRecord.event_id.desc())
        .limit(LATEST_ROWS)
    )
    return tuple(_latest(row, name or "") for row, name in found)


def _latest(row: WalletEventRecord, name_masked: str) -> LatestReceipt:
    return LatestReceipt(
        event_id=row.event_id,
        kind=row.kind,
        receipt_no=row.receipt_no,
        store_id=row.store_id,
        terminal_id=row.terminal_id,
        incarnation=row.incarnation,
        seq=row.seq,
        member_id=row.member_id,
        name_masked=name_masked,
        amount_minor=row.amount_minor,
        offline=row.offline,
        needs_a_person=row.needs_a_person,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
    )
