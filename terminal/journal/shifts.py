"""Shifts and their running totals, written in the same commit as each entry; a projection that `rebuilt_totals` recomputes from events."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from stored_value.events import (
    Event,
    InstalmentReleased,
    MemberEnrolled,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    PointsRedeemed,
    PurchaseRefunded,
    Redeemed,
    ShiftClosed,
    ShiftOpened,
    ShiftTotals,
    Tender,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
)
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    MoneyOutEvent,
    RefundReversed,
)
from stored_value.events_reservation import ReservationEvent
from stored_value.identity import ShiftId, StaffId
from terminal.journal.database import JournalDatabase
from terminal.journal.errors import ShiftStateConflict
from terminal.journal.records import Shift

Measure = tuple[str, str]
"""What is counted, and its detail: a tender kind, or an event kind for `count`."""

_ADD = (
    "INSERT INTO shift_totals (shift_id, measure, detail, total) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET total = total + excluded.total"
)
_SHIFT = (
    "SELECT shift_id, business_date, opened_at, opened_local_time, staff_id, float_minor, opened_seq, closed_seq"
    " FROM shifts "
)


def measures_of(event: Event) -> dict[Measure, int]:
    """What one event adds to its shift. Topped up and bonus are gross; a reversal is counted and shows in the tenders, which are net.
    Leases come and go outside of shifts."""
    added: Counter[Measure] = Counter()
    if isinstance(event, MoneyOutEvent):
        return _money_out_measures(event)
    if isinstance(event, ReservationEvent):
        return {}
    match event:
        case ToppedUp():
            added["topped_up", ""] += event.amount_minor
            added["bonus", ""] += sum(promise.bonus_minor for promise in event.promised)
            for tender in event.tenders:
                added["tender", tender.kind] += tender.amount_minor
        case TopUpReversed():
            added["reversed", ""] += event.amount_minor
            for tender in event.tenders:
                added["tender", tender.kind] -= tender.amount_minor
        case Redeemed():
            added["redeemed", ""] += event.amount_minor
        case PurchaseRefunded():
            added["refunded", ""] += event.amount_minor
        case OrderPaid():
            added["ordered", ""] += event.amount_minor
            added["ordered_balance", ""] += event.balance_minor
            for tender in event.tenders:
                added["tender", tender.kind] += tender.amount_minor
        case OrderRefunded():
            added["order_refunded", ""] += event.amount_minor
            added["order_refunded_balance", ""] += event.balance_minor
            for tender in event.tenders:
                added["tender", tender.kind] -= tender.amount_minor
        case MemberEnrolled() | PassUsed() | InstalmentReleased() | PointsRedeemed() | TierReviewed():
            pass
        case ShiftOpened() | ShiftClosed():
            return {}
    added["count", event.kind] += 1
    return dict(added)


def _money_out_measures(event: MoneyOutEvent) -> dict[Measure, int]:
    """Cash-outs and deposits are neither top-ups nor purchases; what takes one back lowers its sum."""
    added: Counter[Measure] = Counter({("count", event.kind): 1})
    match event:
        case CashOutPaid():
            _add(added, "cashed_out", event.amount_minor, event.tenders, tenders_sign=-1)
        case CashOutReversed():
            _add(added, "cashed_out", -event.amount_minor, event.tenders, tenders_sign=1)
        case DepositTaken():
            _add(added, "deposits_taken", event.amount_minor, event.tenders, tenders_sign=1)
        case DepositReturned():
            _add(added, "deposits_returned", event.amount_minor, event.tenders, tenders_sign=-1)
        case DepositKept():
            _add(added, "deposits_kept", event.amount_minor)
        case DepositRestored():
            taken_back = "deposits_returned" if event.tenders else "deposits_kept"
            _add(added, taken_back, -event.amount_minor, event.tenders, tenders_sign=1)
        case RefundReversed():
            _add(added, "refunded", -event.amount_minor)
        case _:
            pass
    return dict(added)


def _add(
    added: Counter[Measure], measure: str, amount_minor: int, tenders: tuple[Tender, ...] = (), *, tenders_sign: int = 1
) -> None:
    added[measure, ""] += amount_minor
    for tender in tenders:
        added["tender", tender.kind] += tenders_sign * tender.amount_minor


def totals_from(measures: Iterable[tuple[str, str, int]]) -> ShiftTotals:
    sums = {(measure, detail): total for measure, detail, total in measures}
    return ShiftTotals(
        topped_up_minor=sums.get(("topped_up", ""), 0),
        bonus_minor=sums.get(("bonus", ""), 0),
        redeemed_minor=sums.get(("redeemed", ""), 0),
        refunded_minor=sums.get(("refunded", ""), 0),
        tenders_minor={detail: total for (measure, detail), total in sorted(sums.items()) if measure == "tender"},
        counts={detail: total for (measure, detail), total in sorted(sums.items()) if measure == "count"},
        reversed_minor=sums.get(("reversed", ""), 0),
        ordered_minor=sums.get(("ordered", ""), 0),
        ordered_balance_minor=sums.get(("ordered_balance", ""), 0),
        order_refunded_minor=sums.get(("order_refunded", ""), 0),
        order_refunded_balance_minor=sums.get(("order_refunded_balance", ""), 0),
        cashed_out_minor=sums.get(("cashed_out", ""), 0),
        deposits_taken_minor=sums.get(("deposits_taken", ""), 0),
        deposits_returned_minor=sums.get(("deposits_returned", ""), 0),
        deposits_kept_minor=sums.get(("deposits_kept", ""), 0),
    )


def rebuilt_totals(events: Iterable[Event]) -> ShiftTotals:
    """The totals of one shift from its events alone."""
    sums: Counter[Measure] = Counter()
    for event in events:
        sums.update(measures_of(event))
    return totals_from((measure, detail, total) for (measure, detail), total in sums.items())


def record(connection: sqlite3.Connection, event: Event, seq: int) -> None:
    """Within the entry's transaction. Raises `ShiftStateConflict` when a shift is opened twice or closed without being open."""
    shift_id = event.occasion.shift_id
    match event:
        case ShiftOpened():
            _open(connection, event, seq)
        case ShiftClosed():
            closed = connection.execute(
                "UPDATE shifts SET closed_seq = ? WHERE shift_id = ? AND closed_seq IS NULL", (seq, shift_id)
            )
            if closed.rowcount != 1:
                raise ShiftStateConflict(f"shift {shift_id} is not open")
        case _:
            connection.executemany(
                _ADD, [(shift_id, measure, detail, total) for (measure, detail), total in measures_of(event).items()]
            )


def _open(connection: sqlite3.Connection, event: ShiftOpened, seq: int) -> None:
    occasion = event.occasion
    try:
        connection.execute(
            "INSERT INTO shifts (shift_id, business_date, opened_at, opened_local_time, staff_id, float_minor, opened_seq)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                occasion.shift_id,
                occasion.business_date.isoformat(),
                occasion.occurred_at.isoformat(),
                occasion.local_time,
                occasion.staff_id,
                event.float_minor,
                seq,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise ShiftStateConflict("another shift is open") from error


class Shifts:
    """Reads of the shifts; thread-safe."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    def current(self) -> Shift | None:
        """The open shift."""
        return self._database.remembered(("open shift",), lambda _: self._one("WHERE closed_seq IS NULL", ()))

    def last(self) -> Shift | None:
        """The shift opened last, open or closed."""
        return self._one("ORDER BY opened_seq DESC LIMIT 1", ())

    def find(self, shift_id: ShiftId) -> Shift | None:
        return self._one("WHERE shift_id = ?", (shift_id,))

    def totals(self, shift_id: ShiftId) -> ShiftTotals:
        with self._database.reading() as connection:
            return totals_from(
                connection.execute(
                    "SELECT measure, detail, total FROM shift_totals WHERE shift_id = ?", (shift_id,)
                ).fetchall()
            )

    def _one(self, clause: str, parameters: tuple[str, ...]) -> Shift | None:
        with self._database.reading() as connection:
            row = connection.execute(_SHIFT + clause, parameters).fetchone()
        if row is None:
            return None
        return Shift(
            shift_id=ShiftId(row[0]),
            business_date=date.fromisoformat(row[1]),
            opened_at=datetime.fromisoformat(row[2]),
            opened_local_time=row[3],
            staff_id=StaffId(row[4]),
            float_minor=row[5],
            opened_seq=row[6],
            closed_seq=row[7],
        )
