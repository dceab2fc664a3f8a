"""Owns turning an applied batch into rows and outcomes: one journal row and one outcome an entry. Called by the service; pure but for handing rows to the writer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from hq_server.database.batch_writer import BatchWriter
from hq_server.database.models import (
    EntryStatus,
    ExceptionRecord,
    JournalEntry,
    Outbox,
    PostingRecord,
    PurchaseRecord,
    ScopeMember,
    ShiftEventRecord,
    WalletEventRecord,
)
from hq_server.exceptions.raising import exceptions_of
from hq_server.ingest.loading import HeldEntry
from hq_server.ingest.rows import ExceptionRow, JournalRow, PurchaseRow, ScopeRow, ShiftRow
from hq_server.ingest.understanding import Incoming
from hq_server.ingest.wallet_batch import Landed, MemberBatch, findings_json
from stored_value.events import ShiftClosed, ShiftOpened
from stored_value.findings import Finding
from stored_value.identity import MemberId
from stored_value.rulebook import HEAD_OFFICE_STORE
from sync.messages import MemberVersion, Outcome, OutcomeFinding

EXISTS = "exists"
_encode = msgspec.json.Encoder(order="sorted").encode
_decode_findings = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode


class BatchRows:
    """A batch as applied, seen entry by entry."""

    def __init__(
        self,
        store_id: str,
        incoming: Sequence[Incoming],
        members: Mapping[str, MemberBatch],
        received_at: datetime,
    ) -> None:
        self._store_id = store_id
        self.incoming = incoming
        self._by_member = members
        self.members = [members[member_id] for member_id in sorted(members)]
        self.received_at = received_at
        self._landed = {seq: landed for batch in self.members for seq, landed in batch.landed.items()}

    def _where(self, each: Incoming) -> Landed:
        landed = self._landed.get(each.seq)
        return landed or Landed(None, tuple(each.findings), set_aside=each.event is None)

    def journal(self) -> Iterator[JournalRow]:
        for each in self.incoming:
            header, landed = each.entry.header, self._where(each)
            yield JournalRow(
                store_id=self._store_id,
                terminal_id=header.terminal_id,
                incarnation=header.incarnation,
                seq=header.seq,
                raw=each.entry.raw,
                hash=each.entry.hash,
                event_id=each.event_id,
                kind=each.kind,
                member_id=each.member_id,
                version=landed.version,
                status=EntryStatus.SET_ASIDE if landed.set_aside else EntryStatus.CREATED,
                findings=findings_json(landed.findings),
                needs_a_person=landed.set_aside or _needs_a_person(landed.findings),
                occurred_at=header.occurred_at,
                received_at=self.received_at,
            )

    def exceptions(self, journal: Sequence[JournalRow]) -> Iterator[ExceptionRow]:
        for each, row in zip(self.incoming, journal, strict=True):
            if row.needs_a_person:
                yield from exceptions_of(row, self._where(each).findings)

    def shifts(self) -> Iterator[ShiftRow]:
        for each in self.incoming:
            event = each.event
            if not isinstance(event, ShiftOpened | ShiftClosed):
                continue
            header, occasion = each.entry.header, event.occasion
            closed = event if isinstance(event, ShiftClosed) else None
            yield ShiftRow(
                store_id=each.store_id,
                event_id=each.event_id,
                terminal_id=header.terminal_id,
                incarnation=header.incarnation,
                seq=header.seq,
                kind=each.kind,
                shift_id=occasion.shift_id,
                staff_id=occasion.staff_id,
                business_date=occasion.business_date,
                occurred_at=header.occurred_at,
                received_at=self.received_at,
                float_minor=event.float_minor,
                counted_minor=closed.counted_minor if closed else None,
                expected_minor=closed.expected_minor if closed else None,
                totals=_encode(closed.totals).decode() if closed else "{}",
            )

    def scopes(self) -> Iterator[ScopeRow]:
        """The store comes to know every member whom it moved; head office has no tills that would."""
        if self._store_id == HEAD_OFFICE_STORE:
            return
        for member_id in sorted(self._by_member):
            if self._by_member[member_id].entered:
                yield ScopeRow(member_id, self._by_member[member_id].entered, self.received_at)

    def purchases(self, *, new: bool) -> Iterator[PurchaseRow]:
        """Those that no table holds yet, or the others."""
        for batch in self.members:
            yield from (row for row in batch.purchases.values() if (row.purchase_id in batch.bought) is new)

    def outcomes(self) -> Iterator[Outcome]:
        for each in self.incoming:
            landed = self._where(each)
            yield _outcome(
                each.seq,
                EntryStatus.SET_ASIDE if landed.set_aside else EntryStatus.CREATED,
                each.member_id,
                landed.version,
                tuple(OutcomeFinding(code=found.code, data=found.data) for found in landed.findings),
            )


def write_rows(writer: BatchWriter, rows: BatchRows) -> None:
    """Everything but the wallets, which stand already."""
    write_new(writer, rows)
    write_shared(writer, rows)


def write_new(writer: BatchWriter, rows: BatchRows) -> None:
    """What nobody else writes: it may be written before the wallets are locked."""
    journal = list(rows.journal())
    writer.append(JournalEntry, journal)
    writer.append(ExceptionRecord, list(rows.exceptions(journal)))
    writer.append(ShiftEventRecord, list(rows.shifts()))
    writer.append(WalletEventRecord, [row for batch in rows.members for row in batch.events])
    writer.append(PostingRecord, [row for batch in rows.members for row in batch.postings])
    writer.append(PurchaseRecord, list(rows.purchases(new=True)))
    writer.append(Outbox, [row for batch in rows.members for row in batch.outbox])


def write_shared(writer: BatchWriter, rows: BatchRows) -> None:
    """What pushes of the same members have in common: after the wallets, which must be this unit of work's by then."""
    writer.append_missing(ScopeMember, list(rows.scopes()))
    writer.replace(PurchaseRecord, list(rows.purchases(new=False)))


def outcome_of_held(seq: int, held: HeldEntry) -> Outcome:
    """Of an entry that came again: a lost reply costs the till nothing."""
    return _outcome(seq, EXISTS, held.member_id, held.version, _decode_findings(held.findings))


def _outcome(
    seq: int, status: str, member_id: str | None, version: int | None, findings: tuple[OutcomeFinding, ...]
) -> Outcome:
    versions = (MemberVersion(member_id=MemberId(member_id), version=version),) if member_id and version else ()
    return Outcome(seq=seq, status=status, versions=versions, findings=findings)


def _needs_a_person(findings: Sequence[Finding]) -> bool:
    return any(each.needs_a_person for each in findings)
