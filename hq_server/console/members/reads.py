"""Reads of one member: who it is, what the wallet holds and where each part came from, purchases, and every event with its receipt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from hq_server.console.exceptions.reads import read_findings
from hq_server.database.engine import ReadSession
from hq_server.database.models import Member, PurchaseRecord, ScopeMember, WalletEventRecord, WalletRecord
from hq_server.members.personal import is_erased
from stored_value.cash_out_records import CashOut, CashOutState
from stored_value.draw import drawable_minor
from stored_value.identity import EventId, StoreId
from stored_value.instalments import is_cashed_out
from stored_value.loyalty import PendingInstalment
from stored_value.reservation_records import Reservation, ReservationKind
from stored_value.wallet import Holding, HoldingKind, Lot, Purchase, Receivable, ValueKind, Wallet
from sync.messages import OutcomeFinding
from sync.wallet_codec import read_purchase, read_wallet

EVENT_ROWS: Final = 50
PURCHASE_ROWS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRef:
    """Where a receipt's page is."""

    receipt_no: str
    terminal_id: str
    incarnation: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvent:
    event_id: str
    version: int
    kind: str
    store_id: str
    receipt: ReceiptRef
    business_date: date
    occurred_at: datetime
    amount_minor: int
    offline: bool
    findings: tuple[OutcomeFinding, ...]
    needs_a_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPurchase:
    purchase: Purchase
    receipt_no: str
    store_id: str
    terminal_id: str
    business_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """`receipts` leads from the events that lots and receivables name to their receipts; an imported lot has none."""

    member: Member
    wallet: Wallet | None
    updated_at: datetime | None
    stores: tuple[str, ...]
    receipts: dict[str, ReceiptRef]
    today: date

    @property
    def is_erased(self) -> bool:
        return is_erased(self.member)

    def lots(self, *, spent: bool) -> tuple[Lot, ...]:
        """Lots of the balance, newest first; those that hold something, or those that are used up."""
        lots = () if self.wallet is None else self.wallet.lots
        return tuple(
            sorted(
                (lot for lot in lots if lot.kind is not ValueKind.DEPOSIT and (lot.remaining_minor == 0) is spent),
                key=lambda lot: (lot.acquired_on, lot.lot_id),
                reverse=True,
            )
        )

    @property
    def receivables(self) -> tuple[Receivable, ...]:
        return () if self.wallet is None else self.wallet.receivables

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """Points, passes and coupons with something left, what ends first first."""
        held = () if self.wallet is None else self.wallet.holdings
        return tuple(
            sorted(
                (each for each in held if each.remaining),
                key=lambda each: (list(HoldingKind).index(each.kind), each.expires_on or date.max, each.holding_id),
            )
        )

    @property
    def points(self) -> int:
        return 0 if self.wallet is None else self.wallet.quantity(HoldingKind.POINTS)

    @property
    def deposits(self) -> tuple[Lot, ...]:
        lots = () if self.wallet is None else self.wallet.lots
        return tuple(lot for lot in lots if lot.kind is ValueKind.DEPOSIT and lot.remaining_minor)

    @property
    def cash_outs_waiting(self) -> tuple[CashOut, ...]:
        asked = () if self.wallet is None else self.wallet.cash_outs
        return tuple(each for each in asked if each.state is CashOutState.WAITING)

    @property
    def instalments(self) -> tuple[PendingInstalment, ...]:
        """What is still to come, soonest first; whose top-up was cashed out gets none."""
        wallet = self.wallet
        if wallet is None:
            return ()
        coming = (part for part in wallet.loyalty.pending if not is_cashed_out(wallet, part.top_up_id))
        return tuple(sorted(coming, key=lambda part: (part.due_on, part.top_up_id, part.number)))

    @property
    def reservations(self) -> tuple[Reservation, ...]:
        """What is kept for tills, oldest first."""
        kept = () if self.wallet is None else self.wallet.reservations
        return tuple(sorted(kept, key=lambda each: (each.granted_at, each.reservation_id)))

    @property
    def leased_minor(self) -> int:
        return sum(each.amount_minor for each in self.reservations if each.kind is ReservationKind.LEASE)

    @property
    def held_minor(self) -> int:
        return sum(each.amount_minor for each in self.reservations if each.kind is ReservationKind.HOLD)

    @property
    def drawable_minor(self) -> int:
        return 0 if self.wallet is None else drawable_minor(self.wallet, self.today)

    @property
    def ledger_minor(self) -> int:
        """What the books have as the member's, whether or not it may still be spent."""
        return self.principal_minor + self.bonus_minor

    @property
    def over_minor(self) -> int:
        """Past its last day, and in the wallet as long as it is kept for a till or until the day's run."""
        return self.ledger_minor - self.drawable_minor

    @property
    def available_minor(self) -> int:
        """What may be spent everywhere; what is over stays for the reservations that nothing else covers (H5). Below zero only when an entry from the past took what was kept."""
        kept = self.leased_minor + self.held_minor
        uncovered = max(0, kept - self.drawable_minor)
        return self.drawable_minor - kept + min(uncovered, self.over_minor)

    @property
    def principal_minor(self) -> int:
        return 0 if self.wallet is None else self.wallet.balance_minor(ValueKind.PRINCIPAL)

    @property
    def bonus_minor(self) -> int:
        return 0 if self.wallet is None else self.wallet.balance_minor(ValueKind.BONUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    events: tuple[MemberEvent, ...]
    after: int | None


def member_view(session: ReadSession, member_id: str, *, store_id: StoreId | None, today: date) -> MemberView | None:
    """None when there is no such member, or none that `store_id` knows."""
    member = session.get(Member, member_id)
    if member is None:
        return None
    stores = tuple(
        session.scalars(
            select(ScopeMember.store_id).where(ScopeMember.member_id == member_id).order_by(ScopeMember.store_id)
        )
    )
    if store_id is not None and store_id not in stores:
        return None
    record = session.get(WalletRecord, member_id)
    wallet = None if record is None else read_wallet(record.state)
    sources: set[str] = set()
    if wallet is not None:
        sources = _sources(wallet)
    return MemberView(
        member=member,
        wallet=wallet,
        updated_at=None if record is None else record.updated_at,
        stores=stores,
        receipts=receipts_of(session, member_id, sources),
        today=today,
    )


def _sources(wallet: Wallet) -> set[str]:
    """The events whose receipts a page about the wallet leads to."""
    return {
        *(lot.top_up_id for lot in wallet.lots),
        *(owed.source_id for owed in wallet.receivables),
        *(held.source_id for held in wallet.holdings),
        *(asked.request_id for asked in wallet.cash_outs),
        *(part.top_up_id for part in wallet.loyalty.pending),
    }


def receipts_of(session: ReadSession, member_id: str, event_ids: Iterable[str]) -> dict[str, ReceiptRef]:
    wanted = sorted(set(event_ids))
    if not wanted:
        return {}
    rows = session.scalars(
        select(WalletEventRecord).where(
            WalletEventRecord.member_id == member_id, WalletEventRecord.event_id.in_(wanted)
        )
    )
    return {row.event_id: receipt_ref(row) for row in rows}


def receipt_ref(row: WalletEventRecord) -> ReceiptRef:
    return ReceiptRef(receipt_no=row.receipt_no, terminal_id=row.terminal_id, incarnation=row.incarnation, seq=row.seq)


def member_events(session: ReadSession, member_id: str, *, after: int | None = None) -> EventPage:
    """Newest first, in the order in which HQ applied them; `after` is a wallet version."""
    wanted = (
        select(WalletEventRecord)
        .where(WalletEventRecord.member_id == member_id)
        .order_by(WalletEventRecord.version.desc())
        .limit(EVENT_ROWS + 1)
    )
    if after is not None:
        wanted = wanted.where(WalletEventRecord.version < after)
    rows = session.scalars(wanted).all()
    events = tuple(_event(row) for row in rows[:EVENT_ROWS])
    return EventPage(events=events, after=events[-1].version if len(rows) > EVENT_ROWS else None)


def member_purchases(session: ReadSession, member_id: str) -> tuple[MemberPurchase, ...]:
    """The latest ones."""
    rows = session.scalars(
        select(PurchaseRecord)
        .where(PurchaseRecord.member_id == member_id)
        .order_by(PurchaseRecord.purchase_id.desc())
        .limit(PURCHASE_ROWS)
    )
    return tuple(_purchase(row) for row in rows)


def member_purchase(session: ReadSession, member_id: str, purchase_id: EventId) -> MemberPurchase | None:
    row = session.get(PurchaseRecord, (member_id, purchase_id))
    return None if row is None else _purchase(row)


def _purchase(row: PurchaseRecord) -> MemberPurchase:
    return MemberPurchase(
        purchase=read_purchase(row.state),
        receipt_no=row.receipt_no,
        store_id=row.store_id,
        terminal_id=row.terminal_id,
        business_date=row.business_date,
    )


def _event(row: WalletEventRecord) -> MemberEvent:
    return MemberEvent(
        event_id=row.event_id,
        version=row.version,
        kind=row.kind,
        store_id=row.store_id,
        receipt=receipt_ref(row),
        business_date=row.business_date,
        occurred_at=row.occurred_at,
        amount_minor=row.amount_minor,
        offline=row.offline,
        findings=read_findings(row.findings),
        needs_a_person=row.needs_a_person,
    )
