"""Owns raising an exception, in the unit of work that finds it. The key is (store, subject, code), so that finding it again changes nothing.

A subject is an entry (`S01-T1~1~42`), something about a till (`S01-T1~1~2026-11-23`) or about head office (`exposure~2026-11-23`).
Called by ingest for whole batches, by sessions and whoever else finds something.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from hq_server.database.engine import WriteSession
from hq_server.database.models import ExceptionRecord, ExceptionState, JournalEntry
from hq_server.database.upsert import upsert
from hq_server.exceptions.kinds import ExceptionCode, kind_of
from hq_server.ingest.rows import ExceptionRow, JournalRow
from hq_server.own_journal.place import OWN_INCARNATION, OWN_STORE, OWN_TERMINAL
from hq_server.terminals.rows import TerminalRow
from stored_value.findings import Finding
from sync.messages import OutcomeFinding

_encode = msgspec.json.Encoder(order="sorted").encode
SUBJECT_GAP = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class TillFinding:
    """Something about a till. `seq` is the place in its journal, None when it is about none; `reopens`: a settled one that is found again is open again; `member_id` of
    whom it is, if of anybody."""

    code: ExceptionCode
    data: Mapping[str, int | str]
    seq: int | None = None
    on: date | None = None
    reopens: bool = False
    member_id: str | None = None


def subject_of_entry(terminal_id: str, incarnation: int, seq: int) -> str:
    return SUBJECT_GAP.join((terminal_id, str(incarnation), str(seq)))


def exceptions_of(entry: JournalRow, findings: Sequence[Finding]) -> Iterator[ExceptionRow]:
    """One a code that needs a person; several findings of one code stand together."""
    by_code: defaultdict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        if each.needs_a_person:
            by_code[each.code].append(each)
    subject = subject_of_entry(entry.terminal_id, entry.incarnation, entry.seq)
    for code, found in by_code.items():
        yield ExceptionRow(
            store_id=entry.store_id,
            subject=subject,
            code=code,
            kind=kind_of(code, found[0].data),
            terminal_id=entry.terminal_id,
            incarnation=entry.incarnation,
            seq=entry.seq,
            member_id=entry.member_id,
            findings=_text(code, [each.data for each in found]),
            raised_at=entry.received_at,
            state=ExceptionState.OPEN,
            assigned_to=None,
            resolved_at=None,
            resolved_by=None,
            resolution="",
        )


def raise_about_entry(
    session: WriteSession, entry: JournalEntry, findings: Sequence[Finding], *, now: datetime
) -> None:
    """Found after the entry was taken in. Idempotent."""
    row = JournalRow(*(getattr(entry, name) for name in JournalRow._fields))
    for each in exceptions_of(row, findings):
        raised = upsert(session, ExceptionRecord).values(each._asdict() | {"raised_at": now})
        session.execute(raised.on_conflict_do_nothing())


def raise_about_till(session: WriteSession, terminal: TerminalRow, found: TillFinding, *, now: datetime) -> None:
    """Idempotent for the same place in the journal, or the same day."""
    where = terminal.terminal_id, str(terminal.incarnation), str(found.seq) if found.seq is not None else str(found.on)
    row = _row(terminal.store_id, terminal.terminal_id, terminal.incarnation, SUBJECT_GAP.join(where), found, now)
    adding = upsert(session, ExceptionRecord).values(row._asdict())
    if found.reopens:
        again = {name: getattr(adding.excluded, name) for name in ("raised_at", "state", "resolved_at", "findings")}
        keys = [ExceptionRecord.store_id, ExceptionRecord.subject, ExceptionRecord.code]
        session.execute(
            adding.on_conflict_do_update(
                index_elements=keys, set_=again, where=ExceptionRecord.state == ExceptionState.RESOLVED
            )
        )
    else:
        session.execute(adding.on_conflict_do_nothing())


def raise_for_head_office(session: WriteSession, about: str, found: TillFinding, *, now: datetime) -> bool:
    """Something of no single till. Whether it is new: the same thing on the same day is not."""
    row = _row(OWN_STORE, OWN_TERMINAL, OWN_INCARNATION, f"{about}{SUBJECT_GAP}{found.on}", found, now)
    adding = upsert(session, ExceptionRecord).values(row._asdict()).on_conflict_do_nothing()
    return session.execute(adding.returning(ExceptionRecord.subject)).first() is not None


def _row(
    store_id: str, terminal_id: str, incarnation: int, subject: str, found: TillFinding, now: datetime
) -> ExceptionRow:
    return ExceptionRow(
        store_id=store_id,
        subject=subject,
        code=found.code,
        kind=kind_of(found.code, found.data),
        terminal_id=terminal_id,
        incarnation=incarnation,
        seq=found.seq,
        member_id=found.member_id,
        findings=_text(found.code, [found.data]),
        raised_at=now,
        state=ExceptionState.OPEN,
        assigned_to=None,
        resolved_at=None,
        resolved_by=None,
        resolution="",
    )


def _text(code: str, data: Sequence[Mapping[str, int | str]]) -> str:
    return _encode(tuple(OutcomeFinding(code=code, data=dict(each)) for each in data)).decode()
