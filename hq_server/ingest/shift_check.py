"""Owns comparing what a closing tells of its shift with head office's own copies of its entries, as the till wrote them: a Z report that differs is told, and stops nothing.

Called by `keeping` before anything of the batch is written. Entries that are set aside count as far as their bodies can be read; how many cannot is told with what differs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import JournalEntry, ShiftEventRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import Incoming
from hq_server.terminals.rows import TerminalRow
from stored_value.events import Event, ShiftClosed, ShiftOpened
from stored_value.events_reservation import RESERVATION_TYPES
from stored_value.findings import Finding, FindingCode
from stored_value.money import MAX_MINOR
from stored_value.shift_totals import ShiftDifference, rebuilt_totals, shift_differences
from sync.entry import read_entry
from sync.errors import EntryError
from sync.event_codec import event_of

ENTRIES_MAX: Final = 50_000
"""More than a till writes in a month; a longer shift is told as too long."""
_TOLD_MAX: Final = 8
_MEASURE_CHARS: Final = 60
_JOURNAL: Final = (
    JournalEntry.store_id == bindparam("store"),
    JournalEntry.terminal_id == bindparam("terminal"),
    JournalEntry.incarnation == bindparam("incarnation"),
    JournalEntry.seq < bindparam("before"),
)
_SAME: Final = Prepared(
    select(ShiftEventRecord.event_id).where(
        ShiftEventRecord.store_id == bindparam("store"), ShiftEventRecord.event_id == bindparam("event")
    )
)
_OPENING: Final = Prepared(
    select(ShiftEventRecord.seq, ShiftEventRecord.float_minor)
    .where(
        ShiftEventRecord.store_id == bindparam("store"),
        ShiftEventRecord.business_date == bindparam("business_date"),
        ShiftEventRecord.terminal_id == bindparam("terminal"),
        ShiftEventRecord.shift_id == bindparam("shift"),
        ShiftEventRecord.kind == ShiftOpened.kind,
    )
    .order_by(ShiftEventRecord.seq.desc())
    .limit(1)
)
_CLOSING_BEFORE: Final = Prepared(
    select(JournalEntry.seq)
    .where(*_JOURNAL, JournalEntry.kind == ShiftClosed.kind)
    .order_by(JournalEntry.seq.desc())
    .limit(1)
)
_ENTRIES: Final = Prepared(
    select(JournalEntry.seq, JournalEntry.raw)
    .where(
        *_JOURNAL,
        JournalEntry.seq > bindparam("after"),
        *(JournalEntry.kind != kind.kind for kind in RESERVATION_TYPES),
    )
    .order_by(JournalEntry.seq)
)


@dataclass(frozen=True, slots=True)
class _Opening:
    """`after`: the shift's entries follow it. `float_minor` is None when head office cannot read the opening."""

    after: int
    float_minor: int | None


def check_shifts(session: ReadSession, terminal: TerminalRow, incoming: Sequence[Incoming]) -> None:
    """Adds a finding a measure to each closing that differs, and sets aside what brings the id of another opening or closing of the store. `incoming` follow what is held of
    the terminal's journal."""
    seen: set[str] = set()
    for place, each in enumerate(incoming):
        if isinstance(each.event, ShiftOpened | ShiftClosed) and _is_repeated(session, each, seen):
            each.findings.append(Finding(FindingCode.EVENT_REPEATED, {"event": each.event_id}))
            each.event = None
        if isinstance(each.event, ShiftClosed):
            each.findings.extend(_found(session, terminal, each.event, each.seq, incoming[:place]))


def _is_repeated(session: ReadSession, each: Incoming, seen: set[str]) -> bool:
    repeated = each.event_id in seen or _SAME.row(session, store=each.store_id, event=each.event_id) is not None
    seen.add(each.event_id)
    return repeated


def _found(
    session: ReadSession, terminal: TerminalRow, closed: ShiftClosed, seq: int, beside: Sequence[Incoming]
) -> Iterator[Finding]:
    first = beside[0].seq if beside else seq
    opening = _opening(session, terminal, closed, first, beside)
    if seq - opening.after > ENTRIES_MAX:
        yield Finding(FindingCode.SHIFT_DIFFERS, {"measure": "too_long", "entries": seq - opening.after})
        return
    stored = _stored(session, terminal, opening.after, first)
    events = [*stored, *(_event_of(each) for each in beside if each.seq > opening.after)]
    own = [event for event in events if event is not None and event.occasion.shift_id == closed.occasion.shift_id]
    unread = events.count(None)
    differences = shift_differences(closed, opening.float_minor, rebuilt_totals(own))
    for each in differences[:_TOLD_MAX]:
        yield Finding(FindingCode.SHIFT_DIFFERS, _data(each) | ({"unread": unread} if unread else {}))


def _opening(
    session: ReadSession, terminal: TerminalRow, closed: ShiftClosed, first: int, beside: Sequence[Incoming]
) -> _Opening:
    """Without the opening the shift's entries follow the closing before it."""
    shift_id = closed.occasion.shift_id
    for each in reversed(beside):
        if isinstance(each.event, ShiftOpened) and each.event.occasion.shift_id == shift_id:
            return _Opening(each.seq, each.event.float_minor)
    found = _OPENING.row(
        session,
        store=terminal.store_id,
        terminal=terminal.terminal_id,
        business_date=closed.occasion.business_date,
        shift=shift_id,
    )
    if found is not None:
        return _Opening(*found)
    closings = [each.seq for each in beside if isinstance(each.event, ShiftClosed)]
    if not closings:
        held = [_CLOSING_BEFORE.row(session, **where) for where in _lives(terminal, first)]
        closings = [max((row[0] for row in held if row is not None), default=0)]
    return _Opening(closings[-1], None)


def _stored(session: ReadSession, terminal: TerminalRow, after: int, before: int) -> Iterable[Event | None]:
    if after + 1 >= before:
        return ()
    raws: dict[int, bytes] = {}
    for where in _lives(terminal, before):
        raws.update(_ENTRIES.rows(session, **where, after=after))
    return [_read(raw) for raw in raws.values()]


def _lives(terminal: TerminalRow, before: int) -> Iterator[dict[str, str | int]]:
    """The journal's incarnations, oldest first: where an adopted branch parts, its own entries stand in place of the older ones (H6)."""
    for incarnation in range(1, terminal.incarnation + 1):
        yield {
            "store": terminal.store_id,
            "terminal": terminal.terminal_id,
            "incarnation": incarnation,
            "before": before,
        }


def _event_of(each: Incoming) -> Event | None:
    return each.event if each.event is not None else _read(each.entry.raw)


def _read(raw: bytes) -> Event | None:
    try:
        return event_of(read_entry(raw))
    except EntryError:
        return None


def _data(found: ShiftDifference) -> dict[str, int | str]:
    is_money = found.measure.partition(".")[0].endswith("_minor")
    suffix = "_minor" if is_money else ""
    return {
        "measure": found.measure[:_MEASURE_CHARS],
        f"expected{suffix}": _countable(found.expected),
        f"told{suffix}": _countable(found.told),
    }


def _countable(amount: int) -> int | str:
    """A forged total may be of any size."""
    return amount if abs(amount) <= MAX_MINOR else "?"
