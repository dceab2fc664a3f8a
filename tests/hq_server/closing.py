"""Owns what an honest till tells when it closes its shift, out of its own entries."""

from stored_value.events import ShiftClosed, ShiftOpened
from stored_value.shift_totals import expected_cash_minor, rebuilt_totals
from sync.errors import BodyUnreadable
from sync.event_codec import event_of
from tests.hq_server.served import PushingTill


def honest_closing(till: PushingTill) -> ShiftClosed:
    """Not written yet. What the till itself could not read it does not count."""
    events = []
    for entry in till.entries:
        try:
            events.append(event_of(entry))
        except BodyUnreadable:
            continue
    float_minor = next(event.float_minor for event in reversed(events) if isinstance(event, ShiftOpened))
    occasion = till.occasion()
    totals = rebuilt_totals(event for event in events if event.occasion.shift_id == occasion.shift_id)
    expected_minor = expected_cash_minor(float_minor, totals)
    return ShiftClosed(
        occasion=occasion,
        float_minor=float_minor,
        counted_minor=expected_minor,
        expected_minor=expected_minor,
        totals=totals,
    )
