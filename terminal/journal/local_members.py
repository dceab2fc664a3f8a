"""Members enrolled at this till, as far as it may know them, until the feed brings their rows. Written with the enrolment's entry, read by the search for members.

Owns the forgetting of those whom head office erased as well: the masked name, the phone's digits and tag, and the sealed key beside the enrolment's entry (H14).
"""

import sqlite3
from collections.abc import Iterable

from stored_value.identity import MemberId, StoreId
from sync.personal import mask_name
from terminal.journal.database import JournalDatabase
from terminal.journal.records import LocalMember

_INSERT = (
    "INSERT INTO local_members"
    " (member_id, member_no, card_issue, name_masked, phone_last4, phone_tag, home_store_id, enrolled_seq)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_AWAITED_WHERE = (
    "SELECT member_id, member_no, card_issue, name_masked, phone_last4, phone_tag, home_store_id"
    " FROM local_members WHERE in_feed = 0 AND "
)
_REMEMBERED = (
    "SELECT 1 FROM local_members WHERE member_id = ? AND phone_last4 <> ''"
    " UNION ALL SELECT 1 FROM entries WHERE member_id = ? AND attachment IS NOT NULL"
)
_FORGET = "UPDATE local_members SET name_masked = ?, phone_last4 = '', phone_tag = 0 WHERE member_id = ?"


def record(connection: sqlite3.Connection, member: LocalMember, seq: int) -> None:
    """Within the entry's transaction."""
    connection.execute(
        _INSERT,
        (
            member.member_id,
            member.member_no,
            member.card_issue,
            member.name_masked,
            member.phone_last4,
            member.phone_tag,
            member.home_store_id,
            seq,
        ),
    )


class LocalMembers:
    """Thread-safe. Finds only members whose row the feed has not brought yet in this epoch."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database

    def find(self, member_id: MemberId) -> LocalMember | None:
        return next(iter(self._where("member_id = ?", (member_id,))), None)

    def find_by_no(self, member_no: str) -> tuple[LocalMember, ...]:
        return self._where("member_no = ?", (member_no,))

    def find_by_phone(self, phone_tag: int, phone_last4: str) -> tuple[LocalMember, ...]:
        return self._where("phone_tag = ? AND phone_last4 = ?", (phone_tag, phone_last4))

    def awaited(self) -> tuple[LocalMember, ...]:
        """Those whose row the feed still owes."""
        return self._where("1 = ?", (1,))

    def count(self) -> int:
        """Everyone ever enrolled here, also those whom the feed has brought."""
        with self._database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM local_members").fetchone()
        return int(count)

    def came_by_feed(self, member_ids: tuple[MemberId, ...]) -> None:
        if not member_ids:
            return
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE local_members SET in_feed = 1 WHERE member_id = ?", [(each,) for each in member_ids]
            )

    def forget(self, member_ids: Iterable[MemberId]) -> None:
        """The chain still verifies: entries keep the hash of what is destroyed. Whom this till did not enrol, or forgot before, costs one question."""
        with self._database.reading() as connection:
            known = [each for each in member_ids if connection.execute(_REMEMBERED, (each, each)).fetchone()]
            if not known:
                return
            connection.execute("PRAGMA secure_delete = ON")
        with self._database.writing() as connection:
            connection.executemany(_FORGET, [(mask_name(""), each) for each in known])
            connection.executemany(
                "UPDATE entries SET attachment = NULL WHERE member_id = ?", [(each,) for each in known]
            )

    def forgotten(self) -> tuple[int, ...]:
        """The seqs of the entries whose attachments are destroyed: of enrolments, and of payment PINs."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT enrolled_seq FROM local_members WHERE phone_last4 = ''"
                " UNION SELECT seq FROM entries WHERE kind = 'pin_set' AND attachment IS NULL"
            ).fetchall()
        return tuple(row[0] for row in rows)

    def _where(self, condition: str, parameters: tuple[str | int, ...]) -> tuple[LocalMember, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(_AWAITED_WHERE + condition + " ORDER BY enrolled_seq", parameters).fetchall()
        return tuple(
            LocalMember(
                member_id=MemberId(row[0]),
                member_no=row[1],
                card_issue=row[2],
                name_masked=row[3],
                phone_last4=row[4],
                phone_tag=row[5],
                home_store_id=StoreId(row[6]),
            )
            for row in rows
        )
