"""Taking over from a dead till: the tail of its journal that head office does not hold, read from whatever is left of its disk, checked and pushed by this till.

Reads copies only and changes nothing on them; also works while this till's own window runs. Called by `tongchu till recover`.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.identity import TerminalId
from sync.client import HqClient
from sync.entry import Entry, entry_hash, read_entry
from sync.errors import EntryUnreadable
from sync.hole import DeclaredHole, sign_hole
from sync.keys import decode_bytes, encode_bytes, session_statement, sign
from sync.messages import PUSH_ENTRIES_MAX, ChallengeRequest, PushedEntry, SessionRequest
from sync.recovery import Recovery, RecoveryAsk, RecoveryAsked, RecoveryReply, RescuedHead, sign_rescue
from sync.signed_hold import SignedHold
from terminal.journal.reservations import signed_in
from terminal.till_directory import KeyFileUnusable, TillDirectory

BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
_MIRRORS: Final = "*.mirror.db"


class CopyUnusable(Exception):
    """There is no journal in that place, it cannot be read, or it does not tell the story that head office knows."""


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    hash: str
    raw: bytes
    attachment: bytes
    known_as: tuple[str, str, str]
    """Event id, kind and member, as far as the copy's index tells."""


@dataclass(frozen=True, slots=True)
class _Signed:
    seq: int
    epoch: str
    hold: SignedHold


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJournal:
    """What is left; `signed` what shows that the holds of its entries were granted. `own_key` is the dead till's, when the copy is its whole folder."""

    path: Path
    terminal_id: TerminalId
    rows: tuple[_Row, ...]
    signed: tuple[_Signed, ...]
    own_key: Ed25519PrivateKey | None

    @property
    def head_seq(self) -> int:
        return self.rows[-1].seq if self.rows else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What head office lacks and the copy can show. `holes` are entries whose bytes are gone or changed, while the entry behind names their hash; `lost_from` is the first entry
    that nothing can be said of, None when the copy is good to its end."""

    entries: tuple[PushedEntry, ...]
    head_seq: int
    head_hash: str
    holes: tuple[int, ...]
    lost_from: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryReport:
    """`hq_head` is what head office held before; `reply` what it holds now, None of a dry run."""

    terminal_id: TerminalId
    copy_head: int
    hq_head: int
    tail: Tail
    has_own_key: bool
    reply: RecoveryReply | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescuer:
    """This till, and who stands at it; `approval` is head office's code."""

    terminal_id: TerminalId
    key: Ed25519PrivateKey
    approval: str
    technician: str
    now: datetime


def read_copy(path: Path) -> DeadJournal:
    """`path` is a till's folder, a journal.db, a mirror, or a folder with one mirror in it. Raises `CopyUnusable`."""
    file = _file_in(path)
    rows, signed = _read(file)
    terminal_id = next((entry.header.terminal_id for entry in _readable(rows)), None)
    if terminal_id is None:
        raise CopyUnusable(f"{file}: no entry in it can be read")
    return DeadJournal(path=file, terminal_id=terminal_id, rows=rows, signed=signed, own_key=_own_key(file))


def recover(client: HqClient, dead: DeadJournal, rescuer: Rescuer, *, dry_run: bool = False) -> RecoveryReport:
    """Opens a session of this till, asks how far head office has come, and pushes the rest. May be broken off and run again. Raises `CopyUnusable`, `SyncError`."""
    epoch = _open_session(client, rescuer)
    asked = client.recover(dead.terminal_id, Recovery(epoch=epoch, approval=rescuer.approval))
    tail = tail_after(dead, asked, rescuer)
    reply = None
    if not dry_run:
        for recovery in _batches(dead, asked, tail, rescuer, epoch):
            reply = client.recover(dead.terminal_id, recovery)
    return RecoveryReport(
        terminal_id=dead.terminal_id,
        copy_head=dead.head_seq,
        hq_head=asked.accepted_through,
        tail=tail,
        has_own_key=dead.own_key is not None,
        reply=reply,
    )


def ask_for_leave(client: HqClient, dead: DeadJournal, rescuer: Rescuer) -> RecoveryAsked:
    """Nothing is sent of the journal; a person at head office decides and tells the code. Raises `SyncError`."""
    _open_session(client, rescuer)
    ask = RecoveryAsk(technician=rescuer.technician, copy_through=dead.head_seq, has_own_key=dead.own_key is not None)
    return client.ask_recovery(dead.terminal_id, ask)


def tail_after(dead: DeadJournal, asked: RecoveryReply, rescuer: Rescuer) -> Tail:
    """Raises `CopyUnusable` when the copy holds another entry than head office at its head."""
    seq, previous = asked.accepted_through, asked.head_hash
    by_seq = {row.seq: row for row in dead.rows}
    if seq and seq in by_seq and by_seq[seq].hash != previous:
        raise CopyUnusable(f"{dead.path}: entry {seq} is not the one that head office holds; the journal was forked")
    pushed: list[PushedEntry] = []
    holes: list[int] = []
    while row := by_seq.get(seq + 1):
        named = _named_by(by_seq.get(seq + 2))
        entry = _sound(row, seq + 1, previous)
        if entry is not None and named in (None, entry.hash):
            pushed.append(_pushed(row))
            previous = entry.hash
        elif named is not None:
            pushed.append(PushedEntry(hole=_declared(dead, asked, row, named, rescuer)))
            holes.append(seq + 1)
            previous = named
        else:
            break
        seq += 1
    lost_from = seq + 1 if dead.head_seq > seq else None
    return Tail(entries=tuple(pushed), head_seq=seq, head_hash=previous, holes=tuple(holes), lost_from=lost_from)


def _sound(row: _Row, seq: int, previous: str) -> Entry | None:
    try:
        entry = read_entry(row.raw)
    except EntryUnreadable:
        return None
    is_next = (entry.header.seq, entry.header.prev) == (seq, previous)
    return entry if is_next and entry.hash == row.hash else None


def _named_by(after: _Row | None) -> str | None:
    """The hash of the bytes before, by the entry behind them; None when that cannot be read or there is none."""
    if after is None:
        return None
    try:
        return read_entry(after.raw).header.prev
    except EntryUnreadable:
        return None


def _declared(dead: DeadJournal, asked: RecoveryReply, row: _Row, lost: str, rescuer: Rescuer) -> DeclaredHole:
    event_id, kind, member_id = row.known_as
    bare = DeclaredHole(
        terminal_id=dead.terminal_id,
        incarnation=asked.incarnation,
        seq=row.seq,
        hash=lost,
        declared_at=rescuer.now,
        declared_by=rescuer.technician,
        event_id=event_id,
        kind=kind,
        member_id=member_id,
    )
    return sign_hole(rescuer.key, bare)


def _batches(dead: DeadJournal, asked: RecoveryReply, tail: Tail, rescuer: Rescuer, epoch: str) -> Iterator[Recovery]:
    """At least one, also when there is nothing to send: it says that the copy is read to its end."""
    left = list(tail.entries)
    while True:
        entries = _cut(left)
        left = left[len(entries) :]
        seq, last_hash = tail.head_seq - len(left), tail.head_hash
        if left:
            last_hash = _hash_of(entries[-1])
        bare = RescuedHead(
            terminal_id=dead.terminal_id,
            incarnation=asked.incarnation,
            rescuer=rescuer.terminal_id,
            seq=seq,
            hash=last_hash,
        )
        yield Recovery(
            epoch=epoch,
            approval=rescuer.approval,
            entries=tuple(entries),
            head=sign_rescue(rescuer.key, bare, dead.own_key),
            is_whole=not left,
            signed_holds=tuple(
                each.hold for each in dead.signed if seq - len(entries) < each.seq <= seq and each.epoch != epoch
            ),
        )
        if not left:
            return


def _cut(entries: Sequence[PushedEntry]) -> list[PushedEntry]:
    """As many as one request takes."""
    taken: list[PushedEntry] = []
    size = 0
    for entry in entries[:PUSH_ENTRIES_MAX]:
        size += len(entry.raw) + len(entry.attachment)
        if taken and size > BATCH_BYTES_MAX:
            break
        taken.append(entry)
    return taken


def _pushed(row: _Row) -> PushedEntry:
    return PushedEntry(raw=encode_bytes(row.raw), attachment=encode_bytes(row.attachment) if row.attachment else "")


def _hash_of(pushed: PushedEntry) -> str:
    return pushed.hole.hash if pushed.hole is not None else entry_hash(decode_bytes(pushed.raw))


def _open_session(client: HqClient, rescuer: Rescuer) -> str:
    """Without an anchor: taking over must not begin an epoch. Returns the epoch."""
    challenge = client.challenge(ChallengeRequest(terminal_id=rescuer.terminal_id)).challenge
    signature = sign(rescuer.key, session_statement(challenge))
    request = SessionRequest(terminal_id=rescuer.terminal_id, challenge=challenge, signature=signature)
    return client.open_session(request).epoch


# --- reading what is left


def _file_in(path: Path) -> Path:
    if path.is_file():
        return path
    journal = path / "journal.db"
    if journal.is_file():
        return journal
    mirrors = sorted(path.glob(_MIRRORS)) if path.is_dir() else []
    if len(mirrors) == 1:
        return mirrors[0]
    if mirrors:
        raise CopyUnusable(f"{path}: holds {len(mirrors)} mirrors; name the one of the dead till")
    raise CopyUnusable(f"{path}: there is no journal.db and no mirror here")


@contextmanager
def _copied(file: Path) -> Iterator[Path]:
    """A copy with its write-ahead log: the original may lie on a card that cannot be written."""
    with tempfile.TemporaryDirectory(prefix="tongchu-recover-") as folder:
        target = Path(folder) / file.name
        shutil.copyfile(file, target)
        for suffix in ("-wal",):
            beside = file.with_name(file.name + suffix)
            if beside.is_file():
                shutil.copyfile(beside, target.with_name(target.name + suffix))
        yield target


def _read(file: Path) -> tuple[tuple[_Row, ...], tuple[_Signed, ...]]:
    """What can be read; a damaged page ends the reading."""
    rows: list[_Row] = []
    signed: list[_Signed] = []
    try:
        with _copied(file) as copy, closing(sqlite3.connect(copy)) as connection:
            rows.extend(_rows_in(connection))
            signed.extend(_signed_in(connection))
    except (sqlite3.DatabaseError, OSError) as error:
        if not rows:
            raise CopyUnusable(f"{file}: {error}") from error
    return tuple(rows), tuple(signed)


def _rows_in(connection: sqlite3.Connection) -> Iterator[_Row]:
    columns = _columns(connection, "entries")
    index = ", ".join(name if name in columns else "NULL" for name in ("event_id", "kind", "member_id"))
    found = connection.execute(
        f"SELECT seq, hash, CAST(raw AS BLOB), attachment, {index} FROM entries ORDER BY seq"  # noqa: S608  names of our own columns
    )
    while row := found.fetchone():
        known_as = (row[4] or "", row[5] or "", row[6] or "")
        yield _Row(row[0], str(row[1]), row[2], row[3] or b"", known_as)


def _signed_in(connection: sqlite3.Connection) -> Iterator[_Signed]:
    """None in a copy by an older program."""
    if not _columns(connection, "signed_holds"):
        return
    for seq, epoch, text in connection.execute("SELECT seq, epoch, signed FROM signed_holds WHERE seq IS NOT NULL"):
        for hold in signed_in((text,)):
            yield _Signed(seq, epoch, hold)


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}


def _readable(rows: Sequence[_Row]) -> Iterator[Entry]:
    for row in rows:
        try:
            yield read_entry(row.raw)
        except EntryUnreadable:
            continue


def _own_key(file: Path) -> Ed25519PrivateKey | None:
    try:
        return TillDirectory(file.parent).secrets().terminal_key
    except KeyFileUnusable:
        return None
