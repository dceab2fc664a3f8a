"""Owns the proof that wallets, purchases, postings and rollups are projections: does again what the journals say and compares with what stands in the tables. Changes nothing.

Called by tests and by a command. Each member's entries are applied in the order of the versions at which they landed; what ingest decided about an entry's
rulebook and evidence stands in the entry's findings. Reservations that head office granted are no entries: they are taken from their table, with which the wallets' are compared.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import (
    EntryStatus,
    JournalEntry,
    Outbox,
    PostingRecord,
    PurchaseRecord,
    Rollup,
    RulebookVersion,
    Store,
    WalletRecord,
)
from hq_server.feed.outbox import decode_change
from hq_server.ingest.card_days import by_card
from hq_server.ingest.entry_days import as_counted, counted_of, loses_bonus
from hq_server.ingest.rebuilt_reservations import GrantedReservations
from hq_server.ingest.rulebook_shelf import Rulebooks, RulebookShelf
from hq_server.own_journal.place import HEAD_OFFICE_ZONE
from hq_server.reservations.agreement import disagreements
from stored_value.apply import Applied, HeaderFacts, apply, new_wallet, settle_header
from stored_value.events import ShiftClosed, ShiftOpened
from stored_value.findings import FindingCode
from stored_value.identity import EventId, MemberId, StoreId
from stored_value.payment_pin import as_judged
from stored_value.reservation_records import ReservationId
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from stored_value.uncovered import WITHOUT_EVIDENCE, things_unproved
from stored_value.wallet import ValueKind, Wallet
from sync.entry import Entry, read_entry
from sync.event_codec import event_of
from sync.messages import OutcomeFinding
from sync.wallet_codec import read_purchase, read_wallet

_decode_findings = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode
_UNKNOWN: Final = frozenset({FindingCode.RESERVATION_UNKNOWN, FindingCode.RESERVATION_FORGOTTEN})
RollupKey = tuple[str, str, str, str, str]
Sums = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """`subject` is a member, or a rollup's key; `what` the part of it that differs."""

    subject: str
    what: str
    stored: str
    rebuilt: str


class _Published:
    """The rulebooks, and which of them was the newest when an entry came."""

    def __init__(self, session: ReadSession) -> None:
        self.all: Rulebooks = RulebookShelf().all(session)
        self._published = session.execute(select(RulebookVersion.published_at, RulebookVersion.version)).all()

    def newest_at(self, received_at: datetime) -> Rulebook:
        held = [version for published_at, version in self._published if published_at <= received_at]
        return self.all.newest_up_to(max(held, default=1))

    def used_by(self, version: int, findings: Sequence[OutcomeFinding]) -> Rulebook:
        """As `understanding` chose it: another one where it was unknown then, although a till has brought it back since."""
        for found in findings:
            if found.code == FindingCode.RULEBOOK_UNKNOWN:
                version = int(found.data["used"])
        book = self.all.pinned(version) or self.all.newest_up_to(version)
        return replace(book, promotions=()) if loses_bonus(findings) else book


def differences(session: ReadSession) -> Iterator[Difference]:
    """Every place where the tables are not what the journals say; none when all is well. Rollups are compared with what has been sequenced."""
    published = _Published(session)
    zones = {store_id: ZoneInfo(zone) for store_id, zone in session.execute(select(Store.store_id, Store.zone))}
    zones[HEAD_OFFICE_STORE] = ZoneInfo(HEAD_OFFICE_ZONE)
    rollups: defaultdict[RollupKey, Sums] = defaultdict(lambda: (0, 0, 0))
    seen: set[str] = set()
    landed = session.execute(
        select(
            JournalEntry.member_id,
            JournalEntry.store_id,
            JournalEntry.raw,
            JournalEntry.version,
            JournalEntry.status,
            JournalEntry.findings,
            JournalEntry.received_at,
        )
        .where(JournalEntry.version.is_not(None))
        .order_by(JournalEntry.member_id, JournalEntry.version)
        .execution_options(yield_per=1000)
    )
    for member_id, rows in itertools.groupby(landed, key=lambda row: str(row.member_id)):
        seen.add(member_id)
        rebuilt = _Rebuilt(session, member_id)
        for row in rows:
            rebuilt.add(row, published, zones)
        yield from rebuilt.compare(session)
        _add(rollups, rebuilt.postings)
    yield from _untouched(session, seen)
    yield from _compare_rollups(session, rollups)
    yield from (Difference(each.member_id, "reservations", each.kept, each.recorded) for each in disagreements(session))


class _Rebuilt:
    """One member, done again."""

    def __init__(self, session: ReadSession, member_id: str) -> None:
        self.member_id = MemberId(member_id)
        self._session = session
        self._granted = GrantedReservations(self.member_id)
        self.wallet: Wallet | None = None
        self.postings: list[tuple[str, int, str, str, str, str, str, int]] = []

    def add(self, row: Row[*tuple[Any, ...]], published: _Published, zones: Mapping[str, ZoneInfo]) -> None:
        entry = read_entry(row.raw)
        zone = zones[row.store_id]
        applied, on = self._applied(entry, row, published, zone)
        self.wallet = replace(self._granted.take_out(applied.wallet), version=row.version)
        self.postings.extend(
            (
                entry.header.id,
                line_no,
                each.store_id,
                on,
                entry.header.kind,
                each.account.value,
                each.detail,
                each.amount_minor,
            )
            for line_no, each in enumerate(applied.postings, start=1)
        )

    def _applied(
        self, entry: Entry, row: Row[*tuple[Any, ...]], published: _Published, zone: ZoneInfo
    ) -> tuple[Applied, str]:
        findings = _decode_findings(row.findings)
        header = entry.header
        unproved = sum(int(each.data["amount_minor"]) for each in findings if each.code in WITHOUT_EVIDENCE)
        unknown = {str(each.data.get("reservation")) for each in findings if each.code in _UNKNOWN}
        named = [name for name in header.reservations if name not in unknown]
        if row.status == EntryStatus.CREATED:
            said = event_of(entry)
            assert not isinstance(said, ShiftOpened | ShiftClosed)
            event = as_counted(said, counted_of(findings))
            book = published.used_by(event.occasion.rulebook, findings)
            before = self._granted.put_in(self._session, self._before(book, row.version), named, row.received_at)
            codes = [found.code for found in findings]
            judged, things = as_judged(event, codes), things_unproved(codes)
            applied = apply(before, judged, book, unproved_minor=unproved, things_unproved=things)
            return applied, event.occasion.business_date.isoformat()
        book = published.newest_at(row.received_at)
        on = counted_of(findings).on or header.occurred_at.astimezone(zone).date()
        facts = HeaderFacts(
            event_id=EventId(header.id),
            store_id=StoreId(row.store_id),
            terminal_id=header.terminal_id,
            on=on,
            rulebook=book.version,
            in_minor=header.in_minor,
            out_minor=header.out_minor,
            reservations=tuple(ReservationId(kept) for kept in header.reservations),
            unproved_minor=unproved,
            by_card=by_card(header, [found.code for found in findings]),
        )
        before = self._granted.put_in(self._session, self._before(book, row.version), named, row.received_at)
        return settle_header(before, facts, book), on.isoformat()

    def _before(self, book: Rulebook, version: int) -> Wallet:
        """Versions in between were bumped without moving money: entry into a scope, a member whom head office entered."""
        return replace(self.wallet or new_wallet(self.member_id, book), version=version - 1)

    def compare(self, session: ReadSession) -> Iterator[Difference]:
        assert self.wallet is not None
        record = session.get_one(WalletRecord, self.member_id)
        stored = replace(read_wallet(record.state), reservations=())
        mine = replace(self.wallet, purchases=(), version=record.version, tier_id=stored.tier_id, reservations=())
        if stored != mine:
            yield Difference(self.member_id, "wallet", repr(stored), repr(mine))
        columns = (record.principal_minor, record.bonus_minor, record.receivable_minor)
        sums = (mine.balance_minor(ValueKind.PRINCIPAL), mine.balance_minor(ValueKind.BONUS), mine.owed_minor)
        if columns != sums:
            yield Difference(self.member_id, "amounts", repr(columns), repr(sums))
        purchases = {
            row.purchase_id: read_purchase(row.state)
            for row in session.scalars(select(PurchaseRecord).where(PurchaseRecord.member_id == self.member_id))
        }
        again = {bought.purchase_id: bought for bought in self.wallet.purchases}
        if purchases != again:
            yield Difference(self.member_id, "purchases", repr(purchases), repr(again))
        postings = [
            (
                row.event_id,
                row.line_no,
                row.store_id,
                row.business_date.isoformat(),
                row.kind,
                row.account,
                row.detail,
                row.amount_minor,
            )
            for row in session.scalars(select(PostingRecord).where(PostingRecord.member_id == self.member_id))
        ]
        if sorted(postings) != sorted(self.postings):
            yield Difference(self.member_id, "postings", repr(sorted(postings)), repr(sorted(self.postings)))


def _untouched(session: ReadSession, seen: set[str]) -> Iterator[Difference]:
    """Money in a wallet that no journal speaks of."""
    for member_id, *amounts in session.execute(
        select(
            WalletRecord.member_id,
            WalletRecord.principal_minor,
            WalletRecord.bonus_minor,
            WalletRecord.receivable_minor,
        )
    ):
        if member_id not in seen and any(amounts):
            yield Difference(member_id, "amounts", repr(amounts), "[0, 0, 0]")


def _add(
    rollups: defaultdict[RollupKey, Sums], postings: Sequence[tuple[str, int, str, str, str, str, str, int]]
) -> None:
    for _, _, store_id, on, kind, account, detail, amount_minor in postings:
        amount, debit, count = rollups[store_id, on, kind, account, detail]
        rollups[store_id, on, kind, account, detail] = (amount + amount_minor, debit + max(0, amount_minor), count + 1)


def _compare_rollups(session: ReadSession, rebuilt: defaultdict[RollupKey, Sums]) -> Iterator[Difference]:
    stored: defaultdict[RollupKey, Sums] = defaultdict(lambda: (0, 0, 0))
    for row in session.scalars(select(Rollup)):
        key = (row.store_id, row.business_date.isoformat(), row.event_kind, row.account, row.detail)
        stored[key] = (row.amount_minor, row.debit_minor, row.count)
    for payload in session.scalars(select(Outbox.payload)):
        waiting = [
            (
                "",
                0,
                each.store_id,
                each.business_date.isoformat(),
                each.event_kind,
                each.account,
                each.detail,
                each.amount_minor,
            )
            for each in decode_change(payload).deltas
        ]
        _add(stored, waiting)
    for key in sorted(stored.keys() | rebuilt.keys()):
        if stored[key] != rebuilt[key]:
            yield Difference(" ".join(key), "rollup", repr(stored[key]), repr(rebuilt[key]))
