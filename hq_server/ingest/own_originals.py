"""Owns the check that what takes an entry back, pays it or gives it back names an entry of the same member that the same till wrote (H4), and that a reversal is one that a counter
makes (H8): whoever sends anything else has the till's key, and nothing moves.

Called by `keeping` before anything is applied; asks only for the few kinds that name such an entry. A till's journal is a chain, so what an entry of it names has come before it,
also after a restore, from a dead till and in an adopted branch; what moved to another member meanwhile is head office's to give back. `docs/adr/0018` says why.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, or_, select

from hq_server.database.among import pair_among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import JournalEntry, ShiftEventRecord, TerminalStatus, WalletEventRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import ID_SHAPE, Incoming
from hq_server.terminals.rows import TerminalRow, read_terminal
from stored_value.events import Event, OrderRefunded, PurchaseRefunded, ShiftClosed, ToppedUp, TopUpReversed
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    RefundReversed,
)
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId
from stored_value.wallet import Wallet
from sync.entry import Entry, read_entry
from sync.errors import EntryError
from sync.event_codec import event_of
from sync.messages import OutcomeFinding

Reversal = TopUpReversed | RefundReversed
Key = tuple[str, str]
"""Of a member's entry: whose, and its id."""
_TAKES = Reversal | DepositReturned | DepositKept | DepositRestored
"""What would move value of the member, or of another whose value came to him, when nobody here knows the entry. Of the other kinds the rules move nothing then, and tell it."""
_REVERSES: Final[dict[str, str]] = {
    TopUpReversed.kind: ToppedUp.kind,
    RefundReversed.kind: PurchaseRefunded.kind,
}
LATE: Final = timedelta(days=1)
"""A reversal that comes so long after what it takes back is told; it may be honest, in a long shift or after days without a line."""
_GAVE_LESS: Final = frozenset({FindingCode.REFUND_EXCEEDS_PURCHASE, FindingCode.PURCHASE_UNKNOWN})
_decode_findings = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode

_WRITERS: Final = Prepared(
    select(
        WalletEventRecord.member_id,
        WalletEventRecord.event_id,
        WalletEventRecord.store_id,
        WalletEventRecord.terminal_id,
        WalletEventRecord.incarnation,
        WalletEventRecord.seq,
        WalletEventRecord.version,
    ).where(pair_among_given(WalletEventRecord.member_id, WalletEventRecord.event_id, "keys"))
)
_ENTRY: Final = Prepared(
    select(JournalEntry.raw, JournalEntry.findings, JournalEntry.received_at).where(
        JournalEntry.store_id == bindparam("store"),
        JournalEntry.terminal_id == bindparam("terminal"),
        JournalEntry.incarnation == bindparam("incarnation"),
        JournalEntry.seq == bindparam("seq"),
    )
)
_SINCE: Final = Prepared(
    select(WalletEventRecord.event_id)
    .where(
        WalletEventRecord.member_id == bindparam("member"),
        WalletEventRecord.store_id == bindparam("store"),
        WalletEventRecord.terminal_id == bindparam("terminal"),
        WalletEventRecord.kind == bindparam("kind"),
        WalletEventRecord.version > bindparam("version"),
        # Not by the copy that lost its branch (H6): what it took back may be its own.
        or_(WalletEventRecord.incarnation == bindparam("incarnation"), WalletEventRecord.seq <= bindparam("common")),
    )
    .limit(1)
)
_CLOSED: Final = Prepared(
    select(ShiftEventRecord.event_id)
    .where(
        ShiftEventRecord.store_id == bindparam("store"),
        ShiftEventRecord.business_date == bindparam("business_date"),
        ShiftEventRecord.terminal_id == bindparam("terminal"),
        ShiftEventRecord.shift_id == bindparam("shift"),
        ShiftEventRecord.kind == ShiftClosed.kind,
        # Not by the copy that lost its branch (H6).
        or_(ShiftEventRecord.incarnation == bindparam("incarnation"), ShiftEventRecord.seq <= bindparam("common")),
    )
    .limit(1)
)


class _Written(NamedTuple):
    """A member's entry as head office holds it."""

    member_id: str
    event_id: str
    store_id: str
    terminal_id: str
    incarnation: int
    seq: int
    version: int


def refuse_unfounded(session: ReadSession, terminal: TerminalRow, incoming: Sequence[Incoming], now: datetime) -> None:
    """Sets aside, with a finding and nothing settled. `incoming` follow what is held of the terminal's journal. A reversal that comes late is told."""
    named: set[Key] = {
        (each.member_id, original)
        for each in incoming
        if each.member_id is not None
        and (original := original_of(each.event)) is not None
        and ID_SHAPE.fullmatch(original)
    }
    if not named and not any(isinstance(each.event, _TAKES) for each in incoming):
        return
    originals = _Originals(session, terminal, named, now)
    for each in incoming:
        fault = originals.fault(each)
        if fault is None:
            originals.add(each)
        else:
            each.event = each.member_id = None
            each.findings.append(fault)


def original_of(event: Event | None) -> EventId | None:
    """The entry that only its own till may take back, pay out or give back."""
    match event:
        case PurchaseRefunded() | OrderRefunded():
            return event.purchase_id
        case TopUpReversed():
            return event.top_up_id
        case RefundReversed():
            return event.refund_id
        case CashOutPaid() | CashOutRejected() | CashOutReversed():
            return event.request_id
        case DepositReturned() | DepositKept() | DepositRestored():
            return event.deposit_id
        case _:
            return None


class _Originals:
    """One till's push, entry by entry. What stands in the tables goes before what the push itself brings under the same id."""

    def __init__(self, session: ReadSession, terminal: TerminalRow, named: set[Key], now: datetime) -> None:
        self._session = session
        self._terminal = terminal
        self._now = now
        held = map(_Written._make, _WRITERS.rows(session, keys=sorted(named)))
        self._held = {(each.member_id, each.event_id): each for each in held}
        self._beside: dict[Key, Incoming] = {}
        self._reversed: dict[Key, int] = {}
        self._closed: set[str] = set()

    def add(self, each: Incoming) -> None:
        """An entry that counts, for those behind it."""
        if isinstance(each.event, ShiftClosed):
            self._closed.add(each.event.occasion.shift_id)
        if each.member_id is None:
            return
        self._beside.setdefault((each.member_id, each.event_id), each)
        if each.kind in _REVERSES:
            self._reversed[each.member_id, each.kind] = each.seq

    def fault(self, each: Incoming) -> Finding | None:
        original = original_of(each.event)
        if original is None or each.member_id is None:
            return None
        key = (each.member_id, original)
        held = self._held.get(key)
        if held is not None and not self._is_its(held, each.event):
            return Finding(FindingCode.ANOTHER_TILLS_ENTRY, {"till": held.terminal_id})
        beside = self._beside.get(key) if held is None else None
        if held is None and beside is None:
            unknown = Finding(FindingCode.ORIGINAL_UNKNOWN, {"original": original[:36]})
            return unknown if isinstance(each.event, _TAKES) else None
        if not isinstance(each.event, Reversal):
            return None
        # The shift is the one that it says, whichever day it counts on.
        said = event_of(each.entry)
        assert isinstance(said, Reversal)
        why = self._misfit(each, said, held, beside)
        return Finding(FindingCode.NOT_REVERSIBLE, {"original": original, "why": why}) if why else None

    def _is_its(self, held: _Written, event: Event | None) -> bool:
        """A revoked till of the same store finishes nothing any more: others may, but no counter takes back what another recorded."""
        if (held.store_id, held.terminal_id) == (self._terminal.store_id, self._terminal.terminal_id):
            return True
        if held.store_id != self._terminal.store_id or isinstance(event, Reversal):
            return False
        row = read_terminal(self._session, held.store_id, held.terminal_id)
        return row is not None and row.status == TerminalStatus.REVOKED

    def _misfit(self, each: Incoming, event: Reversal, held: _Written | None, beside: Incoming | None) -> str:
        last = self._reversed.get((event.member_id, event.kind), 0)
        if held is not None:
            again, entry = last > 0 or self._reversed_since(held, event), self._entry(held, each)
        else:
            assert beside is not None
            again, entry = last > beside.seq, beside.entry
            each.takes_back = beside.seq
        if again:
            return "again"
        if entry is None:
            return "gave_less"
        return "other_shift" if self._is_closed(event) else _misfit(each, event, entry)

    def _entry(self, held: _Written, each: Incoming) -> Entry | None:
        """None when it gave less than it says: then a reversal would take what others gave."""
        place = {"store": held.store_id, "terminal": held.terminal_id, "incarnation": held.incarnation}
        raw, findings, received_at = _ENTRY.rows(self._session, **place, seq=held.seq)[0]
        if any(found.code in _GAVE_LESS for found in _decode_findings(findings)):
            return None
        if self._now - received_at > LATE:
            hours = (self._now - received_at) // timedelta(hours=1)
            each.findings.append(Finding(FindingCode.REVERSAL_LATE, {"original": held.event_id, "hours": hours}))
        return read_entry(raw)

    def _is_closed(self, event: Reversal) -> bool:
        """The shift that the reversal says it is of."""
        occasion = event.occasion
        if occasion.shift_id in self._closed:
            return True
        found = _CLOSED.row(
            self._session,
            store=self._terminal.store_id,
            terminal=self._terminal.terminal_id,
            business_date=occasion.business_date,
            shift=occasion.shift_id,
            incarnation=self._terminal.incarnation,
            common=self._terminal.branch_from,
        )
        return found is not None

    def _reversed_since(self, held: _Written, event: Reversal) -> bool:
        """A counter takes back only the member's newest entry: another reversal of the kind behind it in the same journal is one of the same entry."""
        found = _SINCE.row(
            self._session,
            member=held.member_id,
            store=held.store_id,
            terminal=held.terminal_id,
            kind=event.kind,
            version=held.version,
            incarnation=self._terminal.incarnation,
            common=self._terminal.branch_from,
        )
        return found is not None


class Reversible:
    """Of one unit of work's entries, those that may be taken back by an entry of the same push: they were applied, and gave what they say."""

    def __init__(self) -> None:
        self._seqs: set[int] = set()

    def note(self, each: Incoming, before: Wallet, after: Wallet) -> None:
        """An entry that was applied; again when its member is done again."""
        self._seqs.discard(each.seq)
        if not isinstance(each.event, PurchaseRefunded) or _given_back(each.event, before, after):
            self._seqs.add(each.seq)

    def refuses(self, each: Incoming) -> Finding | None:
        if each.takes_back is None or each.takes_back in self._seqs:
            return None
        data: dict[str, int | str] = {"original": original_of(each.event) or "", "why": "gave_less"}
        return Finding(FindingCode.NOT_REVERSIBLE, data)


def _given_back(refund: PurchaseRefunded, before: Wallet, after: Wallet) -> bool:
    was, now = before.purchase(refund.purchase_id), after.purchase(refund.purchase_id)
    return was is not None and now is not None and was.refundable_minor - now.refundable_minor == refund.amount_minor


def _misfit(each: Incoming, event: Reversal, entry: Entry) -> str:
    """Why no counter writes `event` for the entry; empty when one does: for all of it, in the shift that wrote it (`stored_value.taking_back`)."""
    if entry.header.kind != _REVERSES[event.kind]:
        return "other_kind"
    if isinstance(event, TopUpReversed) and sum(each.amount_minor for each in event.tenders) != event.amount_minor:
        return "other_amount"
    try:
        original = event_of(entry)
    except EntryError:
        # Settled by its header alone (H7), which is all that can be compared.
        return "" if each.entry.header.out_minor <= entry.header.in_minor else "other_amount"
    if _shift_of(original) != _shift_of(event):
        return "other_shift"
    return "" if _takes_all_of(event, original) else "other_amount"


def _shift_of(event: Event) -> tuple[str, date]:
    return event.occasion.shift_id, event.occasion.business_date


def _takes_all_of(event: Reversal, original: Event) -> bool:
    match event, original:
        case TopUpReversed(), ToppedUp():
            return (event.amount_minor, event.tenders) == (original.amount_minor, original.tenders)
        case RefundReversed(), PurchaseRefunded():
            taken = [(line.line_no, line.amount_minor) for line in event.lines]
            given = [(line.line_no, line.amount_minor) for line in original.lines]
            whole = (event.purchase_id, event.amount_minor, taken)
            return whole == (original.purchase_id, original.amount_minor, given)
        case _:
            return False
