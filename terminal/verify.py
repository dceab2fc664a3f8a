"""Checking a journal without trusting the machine it lies on: every entry against the chain, the file's index against the entries, and the end against what head office recorded.

Reads only, also while the till runs; also a mirror. Called by `tongchu journal verify`.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stored_value.identity import TerminalId
from sync.chain import verify_chain
from sync.client import HqClient
from sync.entry import GENESIS_HASH, entry_hash, read_entry
from sync.errors import EntryUnreadable, SignatureError
from sync.hole import DeclaredHole, check_hole
from sync.keys import public_key_text, session_statement, sign
from sync.messages import ChallengeRequest, Session, SessionRequest
from terminal.till_directory import KeyFileUnusable, TillDirectory


class JournalUnreadable(Exception):
    """There is no journal there, or SQLite cannot read it at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyFault:
    """`seq` is the row at fault, 0 when the fault is the file's; `code`: changed | missing | foreign | index | truncated | forked | damaged."""

    seq: int
    code: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """`declared` are entries whose bytes are lost and were declared so: told, and no faults (H7).
    `hq_head` is the last entry that head office recorded; None when it was not asked."""

    path: Path
    terminal_id: TerminalId
    entries: int
    head_seq: int
    head_hash: str
    faults: tuple[VerifyFault, ...]
    declared: tuple[DeclaredHole, ...] = ()
    hq_head: int | None = None

    @property
    def ok(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Row:
    """As it lies in the file; a mirror names no event."""

    seq: int
    hash: str
    raw: bytes
    event_id: str | None


_READ = "SELECT seq, hash, CAST(raw AS BLOB), EVENT FROM entries ORDER BY seq"


def verify_journal(path: Path, hq: HqClient | None = None) -> VerifyReport:
    """`path` is a till's folder, a journal.db or a mirror. With `hq` the end is compared as well, which needs the till's key beside the journal.
    Raises `JournalUnreadable`, `KeyFileUnusable`, `SyncError`."""
    file = path / "journal.db" if path.is_dir() else path
    rows, faults = _read(file)
    terminal_id = _terminal_of(file, rows)
    holes = _declared(file, rows)
    places = {place: row.hash for place, row in enumerate(rows, start=1) if row.seq in holes}
    report = verify_chain((row.raw for row in rows), terminal_id, places)
    faults += [_named(fault.problem, rows[fault.place - 1].seq) for fault in report.faults]
    faults += _index_faults([row for row in rows if row.seq not in holes])
    hq_head = None
    if hq is not None:
        session = _ask(hq, TillDirectory(file.parent), terminal_id)
        hq_head = session.journal_head
        faults += _end_faults(rows, session, holes)
    return VerifyReport(
        path=file,
        terminal_id=terminal_id,
        entries=len(rows),
        head_seq=rows[-1].seq if rows else 0,
        head_hash=_hash_of(rows[-1], holes) if rows else GENESIS_HASH,
        faults=tuple(sorted(faults, key=lambda fault: fault.seq)),
        declared=tuple(holes[seq] for seq in sorted(holes)),
        hq_head=hq_head,
    )


def _read(file: Path) -> tuple[list[_Row], list[VerifyFault]]:
    """What can be read; a damaged page ends the reading and is told."""
    if not file.is_file():
        raise JournalUnreadable(f"{file}: there is no such journal")
    rows: list[_Row] = []
    try:
        with closing(_open(file)) as connection:
            columns = {column[1] for column in connection.execute("PRAGMA table_info(entries)")}
            event_id = "event_id" if "event_id" in columns else "NULL"
            found = connection.execute(_READ.replace("EVENT", event_id))
            while row := found.fetchone():
                rows.append(_Row(row[0], str(row[1]), row[2], row[3]))
    except sqlite3.DatabaseError as error:
        if not rows:
            raise JournalUnreadable(f"{file}: {error}") from error
        return rows, [
            VerifyFault(seq=0, code="damaged", what=f"the file cannot be read after entry {rows[-1].seq}: {error}")
        ]
    return rows, []


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _terminal_of(file: Path, rows: list[_Row]) -> TerminalId:
    with closing(_open(file)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'identity'").fetchone():
            row = connection.execute("SELECT terminal_id FROM identity").fetchone()
            if row is not None:
                return TerminalId(row[0])
    return next(_terminal_ids(rows), TerminalId(""))


def _terminal_ids(rows: list[_Row]) -> Iterator[TerminalId]:
    for row in rows:
        try:
            yield read_entry(row.raw).header.terminal_id
        except EntryUnreadable:
            continue


def _declared(file: Path, rows: list[_Row]) -> dict[int, DeclaredHole]:
    """By seq. One that names another hash than the row, or that this till's key, where it lies beside the journal, did not sign, declares nothing."""
    lost = {row.seq: row.hash for row in rows if row.hash != entry_hash(row.raw)}
    if not lost:
        return {}
    with closing(_open(file)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'holes'").fetchone():
            return {}
        documents = [row[0] for row in connection.execute("SELECT document FROM holes")]
    public_key = _public_key(file)
    return {hole.seq: hole for hole in map(_hole, documents) if hole and _holds(hole, lost, public_key)}


def _hole(document: str) -> DeclaredHole | None:
    try:
        return msgspec.json.decode(document, type=DeclaredHole)
    except msgspec.DecodeError:
        return None


def _holds(hole: DeclaredHole, lost: Mapping[int, str], public_key: str | None) -> bool:
    if lost.get(hole.seq) != hole.hash:
        return False
    try:
        if public_key is not None:
            check_hole(public_key, hole)
    except SignatureError:
        return False
    return True


def _public_key(file: Path) -> str | None:
    try:
        return public_key_text(TillDirectory(file.parent).secrets().terminal_key)
    except KeyFileUnusable:
        return None


def _hash_of(row: _Row, holes: Mapping[int, DeclaredHole]) -> str:
    return row.hash if row.seq in holes else entry_hash(row.raw)


def _named(problem: str, seq: int) -> VerifyFault:
    code = "missing" if "is missing" in problem else "foreign" if "belongs to" in problem else "changed"
    return VerifyFault(seq=seq, code=code, what=problem)


def _index_faults(rows: list[_Row]) -> Iterator[VerifyFault]:
    """The columns beside the bytes are only an index; one that disagrees shows that somebody wrote into the file."""
    for row in rows:
        if row.hash != entry_hash(row.raw):
            yield VerifyFault(
                seq=row.seq, code="changed", what=f"row {row.seq}: its bytes are not those that were written"
            )
        try:
            said = read_entry(row.raw).header
        except EntryUnreadable:
            continue
        if said.seq != row.seq:
            yield VerifyFault(
                seq=row.seq, code="index", what=f"row {row.seq} holds entry {said.seq}: rows were swapped"
            )
        if row.event_id is not None and row.event_id != said.id:
            yield VerifyFault(seq=row.seq, code="index", what=f"row {row.seq} is listed under another event's id")


def _ask(hq: HqClient, place: TillDirectory, terminal_id: TerminalId) -> Session:
    """Without an anchor: looking must not begin an epoch."""
    key = place.secrets().terminal_key
    challenge = hq.challenge(ChallengeRequest(terminal_id=terminal_id)).challenge
    signature = sign(key, session_statement(challenge))
    return hq.open_session(SessionRequest(terminal_id=terminal_id, challenge=challenge, signature=signature))


def _end_faults(rows: list[_Row], session: Session, holes: Mapping[int, DeclaredHole]) -> Iterator[VerifyFault]:
    by_seq = {row.seq: _hash_of(row, holes) for row in rows} | {0: GENESIS_HASH}
    found = by_seq.get(session.journal_head)
    if found is None:
        end = max(by_seq)
        what = f"head office recorded entries up to {session.journal_head}, the journal ends at {end}: it was truncated"
        yield VerifyFault(seq=end, code="truncated", what=what)
    elif found != session.journal_head_hash:
        what = f"entry {session.journal_head} is not the one that head office recorded"
        yield VerifyFault(seq=session.journal_head, code="forked", what=what)
