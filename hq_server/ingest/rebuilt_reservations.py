"""Owns what a rebuild knows of leases and holds that head office granted. They are no entries, but what one gives to a payment, an offline top-up that the payment names as well
does not give, and how much that one keeps decides which debts are paid (H3, H5); and points that one keeps are those that a use naming it draws (H4).

Reads only; called by `rebuild`, entry by entry.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import or_, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord, ReservationState
from stored_value.identity import MemberId, StoreId, TerminalId
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing
from stored_value.reservations import without_reservations
from stored_value.wallet import Wallet

_decode = msgspec.json.Decoder(tuple[ReservedThing, ...]).decode


class GrantedReservations:
    """Of one member. Between entries the rebuilt wallet is without them; read when the first entry names one."""

    def __init__(self, member_id: MemberId) -> None:
        self._member_id = member_id
        self._left: dict[str, Reservation] | None = None
        self._closed_at: dict[str, datetime | None] = {}

    def put_in(self, session: ReadSession, wallet: Wallet, named: Collection[str], at: datetime) -> Wallet:
        """With what is left of those that an entry names which came `at`, unless they had been closed before."""
        if not named:
            return wallet
        left = self._read(session) if self._left is None else self._left
        there = tuple(
            left.pop(name) for name in dict.fromkeys(named) if name in left and not self._was_closed(name, at)
        )
        return replace(wallet, reservations=(*wallet.reservations, *there))

    def take_out(self, wallet: Wallet) -> Wallet:
        """And remembers what the entry left of them."""
        kept = {
            str(each.reservation_id): each for each in wallet.reservations if each.reservation_id in self._closed_at
        }
        if self._left is None or not kept:
            return wallet
        self._left.update(kept)
        return without_reservations(wallet, map(ReservationId, kept))

    def _was_closed(self, name: str, at: datetime) -> bool:
        closed_at = self._closed_at[name]
        return closed_at is not None and closed_at < at

    def _read(self, session: ReadSession) -> dict[str, Reservation]:
        record = ReservationRecord
        granted = select(record).where(
            record.member_id == self._member_id,
            record.state != ReservationState.REFUSED,
            or_(record.number > 0, record.kind == ReservationKind.HOLD),
        )
        rows = session.scalars(granted).all()
        self._closed_at = {row.reservation_id: row.closed_at for row in rows}
        self._left = {row.reservation_id: _reservation(row) for row in rows}
        return self._left


def _reservation(row: ReservationRecord) -> Reservation:
    return Reservation(
        reservation_id=ReservationId(row.reservation_id),
        kind=ReservationKind(row.kind),
        store_id=StoreId(row.store_id),
        terminal_id=TerminalId(row.terminal_id),
        incarnation=row.incarnation,
        number=row.number,
        granted_minor=row.amount_minor,
        amount_minor=row.amount_minor,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        things=_decode(row.things),
    )
