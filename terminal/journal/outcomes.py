"""What became of this till's entries at head office: the push that is open, each entry's outcome, and the members whose truth is unknown meanwhile (L3, H9).

An open push is written down before it is sent. Written by the sync cycle, read by the view.
"""

import sqlite3

import msgspec

from stored_value.events import ShiftClosed, ShiftOpened
from stored_value.identity import EventId, MemberId
from sync.entry import entry_hash, read_entry
from sync.errors import PageError
from sync.event_codec import event_of
from sync.keys import encode_bytes
from sync.messages import Outcome, OutcomeFinding, PushedEntry
from terminal import steps
from terminal.journal import reservations
from terminal.journal.database import JournalDatabase
from terminal.journal.errors import EntryRotten
from terminal.journal.head_office import HeadOffice
from terminal.journal.holes import declared_at_seq
from terminal.journal.records import FlaggedEntry, Head, OpenPush, OwnEvent

_encode = msgspec.json.encode
_OWN_EVENTS = (
    "SELECT e.raw, v.version FROM entries e LEFT JOIN outcomes o ON o.seq = e.seq"
    " LEFT JOIN outcome_versions v ON v.seq = e.seq AND v.member_id = e.member_id"
    " WHERE e.member_id = ? AND (o.seq IS NULL OR v.version > ?)"
    " AND e.seq NOT IN (SELECT seq FROM holes) ORDER BY e.seq"
)


class Outcomes:
    """Thread-safe."""

    def __init__(self, database: JournalDatabase, head_office: HeadOffice) -> None:
        self._database = database
        self._head_office = head_office

    def settled_through(self) -> int:
        """Every entry up to this seq has an outcome of this epoch, no later one has."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM outcomes").fetchone()
        return int(row[0])

    def open_push(self) -> OpenPush | None:
        with self._database.reading() as connection:
            row = connection.execute("SELECT epoch, from_seq, to_seq FROM open_push").fetchone()
        return None if row is None else OpenPush(*row)

    def to_push(
        self, after_seq: int, *, entries_max: int, bytes_max: int
    ) -> tuple[tuple[PushedEntry, ...], Head | None]:
        """The next entries in order, at least one when there is any, and the last of them. Raises `EntryRotten` when the next one is not what was written
        and was not declared lost: nothing is signed for that the disk has changed."""
        pushed: list[PushedEntry] = []
        last: Head | None = None
        size = 0
        with self._database.reading() as connection:
            for seq, written_hash, raw, attachment in connection.execute(
                "SELECT seq, hash, raw, attachment FROM entries WHERE seq > ? ORDER BY seq LIMIT ?",
                (after_seq, entries_max),
            ):
                if entry_hash(raw) != written_hash:
                    hole = declared_at_seq(connection, seq)
                    if hole is not None:
                        pushed.append(PushedEntry(hole=hole))
                        last = Head(seq, hole.hash)
                        continue
                    if pushed:
                        break
                    raise EntryRotten(
                        f"{self._database.path}: entry {seq} is not what was written; plug the mirror in, or run"
                        f" `tongchu journal declare-hole {seq}`",
                        seq,
                    )
                size += len(raw) + len(attachment or b"")
                if pushed and size > bytes_max:
                    break
                pushed.append(
                    PushedEntry(raw=encode_bytes(raw), attachment=encode_bytes(attachment) if attachment else "")
                )
                last = Head(seq, written_hash)
        return tuple(pushed), last

    def record_push(self, from_seq: int, to_seq: int) -> OpenPush:
        """Before sending. A push that is still open is widened, never narrowed: HQ may have applied all of it."""
        epoch = self._head_office.epoch
        with self._database.writing() as connection:
            row = connection.execute("SELECT from_seq, to_seq FROM open_push WHERE epoch = ?", (epoch,)).fetchone()
            if row is not None:
                from_seq, to_seq = min(from_seq, row[0]), max(to_seq, row[1])
            connection.execute("INSERT OR REPLACE INTO open_push VALUES (1, ?, ?, ?)", (epoch, from_seq, to_seq))
        steps.reached(steps.PUSH_RECORDED)
        return OpenPush(epoch, from_seq, to_seq)

    def settle(self, outcomes: tuple[Outcome, ...], accepted_through: int) -> None:
        """In one commit. Idempotent. The push stays open while HQ has accepted less of it than was sent. Raises `PageError` when outcomes have gaps."""
        expected = self.settled_through() + 1
        for outcome in outcomes:
            if outcome.seq > expected:
                raise PageError(f"head office's outcomes leave out entry {expected}")
            expected = max(expected, outcome.seq + 1)
        with self._database.writing() as connection:
            for outcome in outcomes:
                connection.execute(
                    "INSERT INTO outcomes (seq, epoch, status, findings) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET epoch = excluded.epoch, status = excluded.status, findings = excluded.findings",
                    (outcome.seq, self._head_office.epoch, outcome.status, _encode(outcome.findings).decode()),
                )
                connection.executemany(
                    "INSERT INTO outcome_versions (seq, member_id, version) VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET version = excluded.version",
                    [(outcome.seq, landed.member_id, landed.version) for landed in outcome.versions],
                )
            connection.execute("DELETE FROM open_push WHERE to_seq <= ?", (accepted_through,))
        steps.reached(steps.PUSH_SETTLED)

    def abandon_push(self) -> None:
        """HQ said that it applied nothing of it."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM open_push")

    def members_in_doubt(self) -> frozenset[MemberId]:
        """Members whose entries were sent and whose outcome is unknown; their rows are deferred (H9)."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT member_id FROM entries JOIN open_push ON seq BETWEEN from_seq AND to_seq"
                " WHERE member_id IS NOT NULL AND seq NOT IN (SELECT seq FROM outcomes)"
            ).fetchall()
        return frozenset(MemberId(row[0]) for row in rows)

    def own_events(self, member_id: MemberId, epoch: str, contained_version: int) -> tuple[OwnEvent, ...]:
        """This till's events for the member that a wallet of `contained_version` and `epoch` does not contain, in order.
        All of them when the epoch is not the present one, because outcomes are counted anew in each epoch."""
        above = contained_version if epoch == self._head_office.epoch else -1

        def read(connection: sqlite3.Connection) -> tuple[OwnEvent, ...]:
            rows = connection.execute(_OWN_EVENTS, (member_id, above)).fetchall()
            return tuple(_own_event(raw, version) for raw, version in rows)

        return self._database.remembered(("own events", member_id, str(above)), read)

    def begin_epoch(self, epoch: str, hq_head: int) -> None:
        """HQ was restored (H1): what it still has, up to `hq_head`, is in its wallets of the new epoch from the start; everything later is unsettled again."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM outcome_versions")
            connection.execute("DELETE FROM outcomes WHERE seq > ?", (hq_head,))
            connection.execute("UPDATE outcomes SET epoch = ?", (epoch,))
            connection.execute(
                "INSERT INTO outcomes (seq, epoch, status, findings)"
                " SELECT seq, ?, 'exists', '[]' FROM entries WHERE seq <= ? ON CONFLICT DO NOTHING",
                (epoch, hq_head),
            )
            connection.execute("DELETE FROM open_push")
            connection.execute("UPDATE local_members SET in_feed = 0")
            connection.execute("UPDATE head_office SET epoch = ?, anchor = NULL", (epoch,))
            reservations.begin_epoch(connection)
        self._head_office.entered_epoch(epoch)

    def flagged(self, limit: int = 100) -> tuple[FlaggedEntry, ...]:
        """Entries set aside or with findings, newest first."""

        def read(connection: sqlite3.Connection) -> tuple[FlaggedEntry, ...]:
            rows = connection.execute(
                "SELECT e.seq, e.hash, e.event_id, e.kind, o.status, o.findings FROM outcomes o JOIN entries e ON e.seq = o.seq"
                " WHERE o.findings <> '[]' OR o.status = 'set_aside' ORDER BY e.seq DESC LIMIT ?",
                (limit,),
            ).fetchall()
            return tuple(
                FlaggedEntry(
                    seq=seq, hash=written, event_id=EventId(event_id), kind=kind, status=status, codes=_codes(findings)
                )
                for seq, written, event_id, kind, status, findings in rows
            )

        return self._database.remembered(("flagged", str(limit)), read)


def _codes(findings: str) -> tuple[str, ...]:
    return tuple(finding.code for finding in msgspec.json.decode(findings, type=tuple[OutcomeFinding, ...]))


def _own_event(raw: bytes, version: int | None) -> OwnEvent:
    entry = read_entry(raw)
    event = event_of(entry)
    assert not isinstance(event, ShiftOpened | ShiftClosed), "shift events name no member"
    return OwnEvent(seq=entry.header.seq, event=event, landed_at=version)
