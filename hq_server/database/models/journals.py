"""The tables of tills' journals as HQ received them: the exact bytes, what became of each entry, and the shifts in them. All placed by store."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import (
    HASH_CHARS,
    ID_CHARS,
    KIND_CHARS,
    STORE_ID_CHARS,
    TERMINAL_ID_CHARS,
    Table,
    UtcDateTime,
    placed,
)


class EntryStatus(StrEnum):
    """What HQ did with an entry when it first came. A repeated one is answered `exists` with the first outcome's versions and findings."""

    CREATED = "created"
    SET_ASIDE = "set_aside"


class JournalEntry(Table):
    """`raw` is the entry, byte for byte (L1); `version` is where it landed in the wallet of `member_id`; `findings` a JSON list of `OutcomeFinding`. Append-only."""

    __tablename__ = "journal_entries"
    __table_args__ = placed(
        "store_id",
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("status IN ('created', 'set_aside')", name="status"),
        Index(
            "ix_journal_entries_needs_a_person",
            "received_at",
            sqlite_where=text("needs_a_person"),
            postgresql_where=text("needs_a_person"),
        ),
    )

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS), primary_key=True)
    incarnation: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    event_id: Mapped[str] = mapped_column(String(ID_CHARS))
    kind: Mapped[str] = mapped_column(String(KIND_CHARS))
    member_id: Mapped[str | None] = mapped_column(String(ID_CHARS))
    version: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    findings: Mapped[str] = mapped_column(Text)
    needs_a_person: Mapped[bool]
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ShiftEventRecord(Table):
    """A shift opened or closed. Of a closing: what the till's own entries added up to (`totals`, JSON of `ShiftTotals`), what was counted and expected."""

    __tablename__ = "shift_events"
    __table_args__ = placed("store_id", Index(None, "store_id", "business_date"))

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS))
    incarnation: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(KIND_CHARS))
    shift_id: Mapped[str] = mapped_column(String(ID_CHARS))
    staff_id: Mapped[str] = mapped_column(String(ID_CHARS))
    business_date: Mapped[date]
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    float_minor: Mapped[int] = mapped_column(BigInteger)
    counted_minor: Mapped[int | None] = mapped_column(BigInteger)
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)
    totals: Mapped[str] = mapped_column(Text)
