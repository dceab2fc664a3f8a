"""Reads of one entry: the bytes as they came, what HQ made of them, and the postings that balance in each store's books."""

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import func, select

from hq_server.console.exceptions.reads import read_findings
from hq_server.console.members.reads import MemberPurchase, ReceiptRef, member_purchase, receipts_of
from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    ConsoleUser,
    EntryStatus,
    JournalEntry,
    Member,
    PostingRecord,
    Staff,
    Terminal,
    WalletEventRecord,
)
from hq_server.own_journal.dead_tills import is_revoked
from hq_server.own_journal.place import OWN_STORE, OWN_TERMINAL, RUN
from hq_server.own_journal.suspense import decisions_about, waiting
from stored_value.events import Event, InstalmentReleased, OrderRefunded, PurchaseRefunded, TopUpReversed
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    RefundReversed,
    SuspenseDecided,
)
from stored_value.identity import EventId, MemberId, StoreId, TerminalId
from sync.entry import Entry
from sync.errors import BodyUnreadable
from sync.event_codec import event_of
from sync.messages import OutcomeFinding
from sync.unreadable import Place, read_or_stand_in

_RECEIPT_NO: Final = re.compile(r"(?P<terminal>[A-Z][A-Z0-9]{1,7}-(?:T\d+|00))-(?P<seq>\d{1,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedLine:
    account: str
    detail: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBooks:
    """The event's postings in one store's books; they sum to zero."""

    store_id: str
    lines: tuple[BookedLine, ...]

    @property
    def debit_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines if line.amount_minor > 0)

    @property
    def credit_minor(self) -> int:
        return -sum(line.amount_minor for line in self.lines if line.amount_minor < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What head office decided about a payment in suspense, with the receipt of its entry."""

    event: SuspenseDecided
    receipt: ReceiptRef
    staff_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseView:
    """`waiting_minor` waits for a decision."""

    waiting_minor: int
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """`event` is None when the body is not understood; `amount_minor` when no wallet was moved. `about` is the receipt that this one refunds or reverses.
    `suspense` is None for what never lay there. `refunded_here`: a purchase of a revoked till, which head office alone refunds."""

    store_id: str
    receipt_no: str
    entry: Entry
    event: Event | None
    is_set_aside: bool
    findings: tuple[OutcomeFinding, ...]
    needs_a_person: bool
    version: int | None
    received_at: datetime
    amount_minor: int | None
    staff_name: str
    member: Member | None
    books: tuple[StoreBooks, ...]
    purchase: MemberPurchase | None
    refunded_here: bool
    about: ReceiptRef | None
    suspense: SuspenseView | None
    has_next: bool


def receipt_place(session: ReadSession, text: str) -> ReceiptRef | None:
    """Where the receipt with this number is; of a till that lived more than once, its last life."""
    match = _RECEIPT_NO.fullmatch(text.strip().upper())
    if match is None:
        return None
    terminal_id, seq = match["terminal"], int(match["seq"])
    store_id = terminal_id.partition("-")[0]
    incarnation = session.scalar(
        select(func.max(JournalEntry.incarnation)).where(
            JournalEntry.store_id == store_id, JournalEntry.terminal_id == terminal_id, JournalEntry.seq == seq
        )
    )
    if incarnation is None:
        return None
    return ReceiptRef(receipt_no=f"{terminal_id}-{seq:06d}", terminal_id=terminal_id, incarnation=incarnation, seq=seq)


def receipt_view(
    session: ReadSession, terminal_id: str, incarnation: int, seq: int, *, seen_by: StoreId | None
) -> ReceiptView | None:
    """None when there is no such entry, or none that touches the books of the store `seen_by`."""
    store_id = _store_of(session, terminal_id)
    row = session.get(JournalEntry, (store_id, terminal_id, incarnation, seq)) if store_id else None
    if row is None:
        return None
    books = _books(session, row)
    if seen_by is not None and seen_by != row.store_id and all(each.store_id != seen_by for each in books):
        return None
    place = Place(TerminalId(row.terminal_id), row.incarnation, row.seq, row.occurred_at)
    entry = read_or_stand_in(row.raw, place)
    event = _event(entry, row)
    applied = session.get(WalletEventRecord, (row.member_id, row.event_id)) if row.member_id else None
    names = event.occasion.staff_id if event else ""
    purchase = _purchase(session, row, event)
    return ReceiptView(
        store_id=row.store_id,
        receipt_no=f"{row.terminal_id}-{row.seq:06d}",
        entry=entry,
        event=event,
        is_set_aside=row.status == EntryStatus.SET_ASIDE,
        findings=read_findings(row.findings),
        needs_a_person=row.needs_a_person,
        version=row.version,
        received_at=row.received_at,
        amount_minor=None if applied is None else applied.amount_minor,
        staff_name=_name_of(session, names),
        member=session.get(Member, row.member_id) if row.member_id else None,
        books=books,
        purchase=purchase,
        refunded_here=purchase is not None
        and purchase.purchase.purchase_id == row.event_id
        and is_revoked(session, row.terminal_id),
        about=_about(session, event),
        suspense=_suspense(session, row),
        has_next=session.get(JournalEntry, (store_id, terminal_id, incarnation, seq + 1)) is not None,
    )


def _store_of(session: ReadSession, terminal_id: str) -> str | None:
    """Whose journal it is; head office's own is no till's."""
    if terminal_id == OWN_TERMINAL:
        return OWN_STORE
    return session.scalar(select(Terminal.store_id).where(Terminal.terminal_id == terminal_id))


def _name_of(session: ReadSession, person_id: str) -> str:
    """Of a store's staff, or of head office's people; empty for what no person asked for."""
    if not person_id or person_id == RUN:
        return ""
    name = session.scalar(select(Staff.name).where(Staff.staff_id == person_id))
    return name or session.scalar(select(ConsoleUser.name).where(ConsoleUser.user_id == person_id)) or ""


def _event(entry: Entry, row: JournalEntry) -> Event | None:
    if row.status == EntryStatus.SET_ASIDE:
        return None
    try:
        return event_of(entry)
    except BodyUnreadable:
        return None


def _books(session: ReadSession, row: JournalEntry) -> tuple[StoreBooks, ...]:
    if row.member_id is None:
        return ()
    postings = session.scalars(
        select(PostingRecord)
        .where(PostingRecord.member_id == row.member_id, PostingRecord.event_id == row.event_id)
        .order_by(PostingRecord.store_id, PostingRecord.line_no)
    )
    return tuple(
        StoreBooks(
            store_id=store_id,
            lines=tuple(
                BookedLine(account=each.account, detail=each.detail, amount_minor=each.amount_minor) for each in lines
            ),
        )
        for store_id, lines in groupby(postings, key=lambda each: each.store_id)
    )


def _purchase(session: ReadSession, row: JournalEntry, event: Event | None) -> MemberPurchase | None:
    """The purchase that the entry made or refunds, with what each line drew."""
    if row.member_id is None:
        return None
    match event:
        case PurchaseRefunded() | OrderRefunded() | RefundReversed():
            purchase_id = event.purchase_id
        case _:
            purchase_id = EventId(row.event_id)
    return member_purchase(session, row.member_id, purchase_id)


def _suspense(session: ReadSession, row: JournalEntry) -> SuspenseView | None:
    found = waiting(session, row.member_id, row.event_id) if row.member_id else None
    if found is None or row.member_id is None:
        return None
    made = decisions_about(session, row.member_id, row.event_id)
    receipts = receipts_of(session, MemberId(row.member_id), [each.occasion.event_id for each in made])
    return SuspenseView(
        waiting_minor=found.amount_minor,
        decisions=tuple(
            Decision(
                event=each,
                receipt=receipts[each.occasion.event_id],
                staff_name=_name_of(session, each.occasion.staff_id),
            )
            for each in made
        ),
    )


def _about(session: ReadSession, event: Event | None) -> ReceiptRef | None:
    match event:
        case PurchaseRefunded() | OrderRefunded():
            named = event.purchase_id
        case RefundReversed():
            named = event.refund_id
        case TopUpReversed() | InstalmentReleased():
            named = event.top_up_id
        case CashOutPaid() | CashOutRejected() | CashOutReversed():
            named = event.request_id
        case SuspenseDecided():
            named = event.payment_id
        case DepositReturned() | DepositKept() | DepositRestored():
            named = event.deposit_id
        case _:
            return None
    return receipts_of(session, event.member_id, [named]).get(named)
