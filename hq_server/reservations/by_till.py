"""Owns the list of what is kept for one till: whose, how much, since when and in which state (L5). Reads only; called by the console and by the write-off of all of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, or_, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import Member, ReservationRecord, ReservationState, WalletRecord
from hq_server.reservations.silence import Till
from stored_value.identity import MemberId
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind
from sync.wallet_codec import read_wallet

PAGE_ROWS: Final = 100


class KeptState(StrEnum):
    """`at_large`: written off, and the till may use it as long as it has not reported. `missing`: open in the table and not in the wallet, which must not be."""

    OFFERED = "offered"
    TAKEN = "taken"
    ASKED_BACK = "asked_back"
    PAYING = "paying"
    AT_LARGE = "at_large"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLine:
    """`left_minor` is what is still kept of `granted_minor`, nothing once written off; `things` counts coupons, uses and points. The member's names are empty for one whom nobody
    enrolled."""

    reservation_id: ReservationId
    kind: ReservationKind
    member_id: MemberId
    member_no: str
    name_masked: str
    granted_minor: int
    left_minor: int
    things: int
    granted_at: datetime
    expires_at: datetime | None
    state: KeptState


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """In the order of the ids, which is that of their age but for clocks; `after` continues."""

    lines: tuple[KeptLine, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSum:
    """Of what is open, as it was granted."""

    count: int
    amount_minor: int


def kept_sum(session: ReadSession, till: Till) -> KeptSum:
    record = ReservationRecord
    found = session.execute(
        select(func.count(), func.coalesce(func.sum(record.amount_minor), 0)).where(
            record.store_id == till.store_id,
            record.terminal_id == till.terminal_id,
            record.state == ReservationState.OPEN,
        )
    ).one()
    return KeptSum(count=int(found[0]), amount_minor=int(found[1]))


def kept_page(session: ReadSession, till: Till, *, after: str = "", rows_max: int = PAGE_ROWS) -> KeptPage:
    """What is open for the till, and what is at large."""
    record = ReservationRecord
    rows = session.scalars(
        select(record)
        .where(
            record.store_id == till.store_id,
            record.terminal_id == till.terminal_id,
            or_(record.state == ReservationState.OPEN, record.at_large),
            record.reservation_id > after,
        )
        .order_by(record.reservation_id)
        .limit(rows_max + 1)
    ).all()
    shown = rows[:rows_max]
    members = sorted({row.member_id for row in shown})
    known = {each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(members)))}
    kept = _kept(session, members)
    return KeptPage(
        lines=tuple(_line(row, known.get(row.member_id), kept.get(row.reservation_id)) for row in shown),
        after=shown[-1].reservation_id if len(rows) > rows_max else None,
    )


def _kept(session: ReadSession, members: Iterable[str]) -> Mapping[str, Reservation]:
    """What the members' wallets keep, by id."""
    states = session.scalars(select(WalletRecord.state).where(WalletRecord.member_id.in_(list(members))))
    return {each.reservation_id: each for state in states for each in read_wallet(state).reservations}


def _line(row: ReservationRecord, member: Member | None, kept: Reservation | None) -> KeptLine:
    return KeptLine(
        reservation_id=ReservationId(row.reservation_id),
        kind=ReservationKind(row.kind),
        member_id=MemberId(row.member_id),
        member_no=member.member_no if member is not None else "",
        name_masked=member.name_masked if member is not None else "",
        granted_minor=row.amount_minor,
        left_minor=kept.amount_minor if kept is not None else 0,
        things=sum(thing.quantity for thing in kept.things) if kept is not None else 0,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        state=_state(row, kept),
    )


def _state(row: ReservationRecord, kept: Reservation | None) -> KeptState:
    if row.state != ReservationState.OPEN:
        return KeptState.AT_LARGE
    if kept is None:
        return KeptState.MISSING
    if kept.recalled:
        return KeptState.ASKED_BACK
    if kept.kind is ReservationKind.HOLD:
        return KeptState.PAYING
    return KeptState.TAKEN if kept.accepted else KeptState.OFFERED
