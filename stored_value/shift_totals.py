"""Owns what a shift's entries add up to: what each event counts for, and how the totals that a closing tells differ from the entries themselves. Pure; the till keeps the sums as
it goes (`terminal.journal.shifts`), head office adds its own copies up when the closing comes.

What an event once counted for it counts for ever: tills of an older program are compared with it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

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
    TenderKind,
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

Measure = tuple[str, str]
"""What is counted, and its detail: a tender kind, or an event kind for `count`."""


@dataclass(frozen=True, slots=True)
class ShiftDifference:
    """`measure` is a field of `ShiftTotals` or of the closing, of a mapping with its key: `tenders_minor.cash`. Amounts end in `_minor` before the point, all else are counts."""

    measure: str
    expected: int
    told: int


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


def expected_cash_minor(float_minor: int, totals: ShiftTotals) -> int:
    """What should lie in the drawer."""
    return float_minor + totals.tenders_minor.get(TenderKind.CASH, 0)


def shift_differences(closed: ShiftClosed, float_minor: int | None, totals: ShiftTotals) -> tuple[ShiftDifference, ...]:
    """What the closing tells otherwise than the shift was opened with (`float_minor`; None: at the closing's word) and its entries add up to (`totals`)."""
    float_minor = closed.float_minor if float_minor is None else float_minor
    ours = dict(_flat(totals)) | {
        "float_minor": float_minor,
        "expected_minor": expected_cash_minor(float_minor, totals),
    }
    theirs = dict(_flat(closed.totals)) | {"float_minor": closed.float_minor, "expected_minor": closed.expected_minor}
    return tuple(
        ShiftDifference(measure, ours.get(measure, 0), theirs.get(measure, 0))
        for measure in sorted({*ours, *theirs})
        if ours.get(measure, 0) != theirs.get(measure, 0)
    )


def _flat(totals: ShiftTotals) -> Iterator[tuple[str, int]]:
    for each in fields(totals):
        held: int | dict[str, int] = getattr(totals, each.name)
        if isinstance(held, int):
            yield each.name, held
        else:
            yield from ((f"{each.name}.{detail}", total) for detail, total in held.items())
