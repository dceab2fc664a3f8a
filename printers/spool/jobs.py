"""The table of print jobs and every change to it, as plain functions on a connection the caller owns. They run
inside the caller's transaction and never begin or commit one: a till inserts the job in the same commit as the
journal entry.

A job's life:   queued ──▶ sending ──▶ printed | unconfirmed
                  ▲  └───────│──────▶ failed         (the document itself cannot be printed)
                  └──────────┘ fault, or found here after a crash: perhaps on paper already, so the next copy is marked

`copies` counts the printings that may already exist. A job with copies > 0 prints with the reprint mark and never
kicks the drawer. The stored document is not rewritten: what is stored stays what was sold.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from printers.document import Receipt, as_reprint, decode_document, encode_document

BLIND_REPRINTS_MAX: Final = 3  # then a person decides: a fault that eats paper for ever helps nobody


class JobState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    PRINTED = "printed"
    UNCONFIRMED = "unconfirmed"  # sent, but the printer never said that it printed; offered again to the cashier
    FAILED = "failed"


PRINT_JOBS_DDL: Final = (
    """
    CREATE TABLE print_jobs (
        job_id TEXT NOT NULL PRIMARY KEY,
        entry_seq INTEGER,
        kind TEXT NOT NULL,
        printer TEXT NOT NULL,
        document TEXT NOT NULL,
        kick_drawer INTEGER NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        copies INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        retry_at TEXT,
        last_error TEXT,
        printed_at TEXT,
        CONSTRAINT ck_print_jobs_state CHECK (state IN ('queued', 'sending', 'printed', 'unconfirmed', 'failed')),
        CONSTRAINT ck_print_jobs_kick_drawer CHECK (kick_drawer IN (0, 1)),
        CONSTRAINT ck_print_jobs_attempts CHECK (attempts >= 0 AND copies >= 0),
        CONSTRAINT ck_print_jobs_reprint_keeps_drawer_shut CHECK (copies = 0 OR kick_drawer = 0)
    )
    """,
    "CREATE INDEX ix_print_jobs_open ON print_jobs (printer, created_at) WHERE state IN ('queued', 'sending')",
    "CREATE INDEX ix_print_jobs_entry ON print_jobs (entry_seq)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """`job_id` is a UUID in canonical text, made and stored by the use-case; the same id again is the same job."""

    job_id: str
    kind: str  # what is printed: redeem_receipt, z_report…
    printer: str  # the configured name, not an address: the printer may be replaced before the job prints
    document: Receipt
    created_at: datetime
    entry_seq: int | None = None
    kick_drawer: bool = False
    copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob:
    job_id: str
    entry_seq: int | None
    kind: str
    printer: str
    stored_document: str
    kick_drawer: bool
    state: JobState
    attempts: int
    copies: int
    created_at: datetime
    retry_at: datetime | None
    last_error: str | None
    printed_at: datetime | None

    def document_to_print(self) -> Receipt:
        """With the mark when a copy may already exist. Raises DocumentUnprintable."""
        document = decode_document(self.stored_document)
        return as_reprint(document, self.copies) if self.copies else document


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a start after a crash found."""

    queued_again: int
    left_to_a_person: int


def create_print_jobs(conn: sqlite3.Connection) -> None:
    for statement in PRINT_JOBS_DDL:
        conn.execute(statement)


def enqueue(conn: sqlite3.Connection, job: PrintJob) -> None:
    """Idempotent by `job_id`."""
    conn.execute(
        "INSERT INTO print_jobs (job_id, entry_seq, kind, printer, document, kick_drawer, state, copies, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?) ON CONFLICT (job_id) DO NOTHING",
        (
            job.job_id,
            job.entry_seq,
            job.kind,
            job.printer,
            encode_document(job.document),
            int(job.kick_drawer and not job.copies),
            job.copies,
            _text(job.created_at),
        ),
    )


def next_job(conn: sqlite3.Connection, printer: str) -> StoredJob | None:
    """The oldest waiting job of this printer, due or not: receipts come out in the order of the sales."""
    found = conn.execute(
        "SELECT * FROM print_jobs WHERE printer = ? AND state = 'queued' ORDER BY created_at, rowid LIMIT 1",
        (printer,),
    )
    return next(_jobs(found), None)


def job(conn: sqlite3.Connection, job_id: str) -> StoredJob | None:
    return next(_jobs(conn.execute("SELECT * FROM print_jobs WHERE job_id = ?", (job_id,))), None)


def job_of_entry(conn: sqlite3.Connection, entry_seq: int) -> StoredJob | None:
    """The first job of a journal entry: its receipt."""
    found = conn.execute(
        "SELECT * FROM print_jobs WHERE entry_seq = ? ORDER BY created_at, rowid LIMIT 1", (entry_seq,)
    )
    return next(_jobs(found), None)


def jobs_for_a_person(conn: sqlite3.Connection, *, limit: int = 50) -> tuple[StoredJob, ...]:
    """Unconfirmed and failed jobs, newest first: to be printed again, or taken as printed."""
    found = conn.execute(
        "SELECT * FROM print_jobs WHERE state IN ('unconfirmed', 'failed')"
        " ORDER BY created_at DESC, rowid DESC LIMIT ?",
        (limit,),
    )
    return tuple(_jobs(found))


def queued_count(conn: sqlite3.Connection, printer: str) -> int:
    """Jobs not yet on paper, the one being sent included."""
    (count,) = conn.execute(
        "SELECT count(*) FROM print_jobs WHERE printer = ? AND state IN ('queued', 'sending')", (printer,)
    ).fetchone()
    return int(count)


def mark_sending(conn: sqlite3.Connection, job_id: str) -> bool:
    """False when the job is no longer waiting: someone else has it, or it was settled by hand."""
    cursor = conn.execute(
        "UPDATE print_jobs SET state = 'sending', attempts = attempts + 1, retry_at = NULL"
        " WHERE job_id = ? AND state = 'queued'",
        (job_id,),
    )
    return cursor.rowcount == 1


def mark_printed(conn: sqlite3.Connection, job_id: str, *, at: datetime, confirmed: bool) -> None:
    """On paper, or (not confirmed) sent to a printer that does not answer."""
    conn.execute(
        "UPDATE print_jobs SET state = ?, printed_at = ?, last_error = NULL WHERE job_id = ? AND state = 'sending'",
        (JobState.PRINTED if confirmed else JobState.UNCONFIRMED, _text(at), job_id),
    )


def mark_failed(
    conn: sqlite3.Connection, job_id: str, *, error: str, retry_at: datetime | None, may_have_printed: bool
) -> None:
    """Waits for `retry_at`, or None: failed for good. What may have printed comes back marked, without the drawer,
    and after BLIND_REPRINTS_MAX such copies is left to a person."""
    conn.execute(
        "UPDATE print_jobs SET last_error = :error, retry_at = :retry_at,"
        "  attempts = attempts + (state = 'queued'),"
        "  copies = copies + :printed, kick_drawer = kick_drawer AND NOT :printed,"
        "  state = CASE WHEN :retry_at IS NULL THEN 'failed'"
        "    WHEN copies + :printed > :most THEN 'unconfirmed' ELSE 'queued' END"
        " WHERE job_id = :job_id AND state IN ('queued', 'sending')",
        {
            "job_id": job_id,
            "error": error,
            "retry_at": None if retry_at is None else _text(retry_at),
            "printed": int(may_have_printed),
            "most": BLIND_REPRINTS_MAX,
        },
    )


def recover(conn: sqlite3.Connection) -> Recovered:
    """Once at start, before any worker: jobs that a crash left in `sending` may be on paper, so they are queued again
    marked as reprints and without the drawer. Jobs that were only queued print as if nothing had happened."""
    left = conn.execute(
        "UPDATE print_jobs SET state = 'unconfirmed', copies = copies + 1, kick_drawer = 0,"
        " last_error = 'interrupted too often while printing' WHERE state = 'sending' AND copies >= ?",
        (BLIND_REPRINTS_MAX,),
    ).rowcount
    again = conn.execute(
        "UPDATE print_jobs SET state = 'queued', copies = copies + 1, kick_drawer = 0, retry_at = NULL,"
        " last_error = 'interrupted while printing' WHERE state = 'sending'"
    ).rowcount
    return Recovered(queued_again=again, left_to_a_person=left)


def print_again(conn: sqlite3.Connection, job_id: str) -> bool:
    """A person wants this job on paper (once more): queued again, marked. A job that never started prints unmarked.
    False when there is no such job or it is waiting already."""
    cursor = conn.execute(
        "UPDATE print_jobs SET state = 'queued', retry_at = NULL, last_error = NULL, kick_drawer = 0,"
        " copies = max(copies, 1) + (state = 'printed' AND copies > 0)"
        " WHERE job_id = ? AND state IN ('printed', 'unconfirmed', 'failed')",
        (job_id,),
    )
    return cursor.rowcount == 1


def take_as_printed(conn: sqlite3.Connection, job_id: str) -> bool:
    """A person has seen the paper of an unconfirmed job, or gives up a failed one."""
    cursor = conn.execute(
        "UPDATE print_jobs SET state = 'printed' WHERE job_id = ? AND state IN ('unconfirmed', 'failed')", (job_id,)
    )
    return cursor.rowcount == 1


def forget_printed(conn: sqlite3.Connection, *, before: datetime) -> int:
    """Deletes what was printed before that time; the journal can make any receipt again."""
    return conn.execute("DELETE FROM print_jobs WHERE state = 'printed' AND created_at < ?", (_text(before),)).rowcount


def _jobs(found: sqlite3.Cursor) -> Iterator[StoredJob]:
    names = [column[0] for column in found.description]
    for row in found:
        yield _job(dict(zip(names, row, strict=True)))


def _job(row: Mapping[str, str | int | None]) -> StoredJob:
    entry_seq = row["entry_seq"]
    return StoredJob(
        job_id=str(row["job_id"]),
        entry_seq=None if entry_seq is None else int(entry_seq),
        kind=str(row["kind"]),
        printer=str(row["printer"]),
        stored_document=str(row["document"]),
        kick_drawer=row["kick_drawer"] == 1,
        state=JobState(str(row["state"])),
        attempts=int(row["attempts"] or 0),
        copies=int(row["copies"] or 0),
        created_at=_time(str(row["created_at"])),
        retry_at=None if row["retry_at"] is None else _time(str(row["retry_at"])),
        last_error=None if row["last_error"] is None else str(row["last_error"]),
        printed_at=None if row["printed_at"] is None else _time(str(row["printed_at"])),
    )


def _text(at: datetime) -> str:
    """UTC with fixed width, so that text sorts as time does."""
    if at.tzinfo is None:
        raise ValueError("times of print jobs are aware")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
