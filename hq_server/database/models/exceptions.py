"""The table of what needs a person: one row a finding, kept after it was settled. Placed by the store that it is about."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import (
    ID_CHARS,
    KIND_CHARS,
    STORE_ID_CHARS,
    TERMINAL_ID_CHARS,
    Table,
    UtcDateTime,
    placed,
)

SUBJECT_CHARS = 64
LOGIN_CHARS = 64


class ExceptionState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class ExceptionRecord(Table):
    """`subject` is the entry or the thing about a till that it is about; `findings` a JSON list of `OutcomeFinding`, all of this `code`.
    `assigned_to` is a console user's login, NULL while the kind says who is responsible."""

    __tablename__ = "exceptions"
    __table_args__ = placed(
        "store_id",
        CheckConstraint("state IN ('open', 'resolved')", name="state"),
        CheckConstraint("(resolved_at IS NULL) = (state = 'open')", name="resolved_at"),
        Index(None, "state", "raised_at"),
    )

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    subject: Mapped[str] = mapped_column(String(SUBJECT_CHARS), primary_key=True)
    code: Mapped[str] = mapped_column(String(KIND_CHARS), primary_key=True)
    kind: Mapped[str] = mapped_column(String(KIND_CHARS))
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS))
    incarnation: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    member_id: Mapped[str | None] = mapped_column(String(ID_CHARS))
    findings: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16))
    assigned_to: Mapped[str | None] = mapped_column(String(LOGIN_CHARS))
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str | None] = mapped_column(String(LOGIN_CHARS))
    resolution: Mapped[str] = mapped_column(Text)
