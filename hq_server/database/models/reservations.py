"""The table of what is kept for tills: every hold that was asked for and every lease, with what became of it. The wallet says how much of an open one is left."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text, text
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


class ReservationState(StrEnum):
    """`settled`: an entry used it up, took it or gave it back; `released`: the till's report passed it; the last one needs a person."""

    REFUSED = "refused"
    OPEN = "open"
    SETTLED = "settled"
    RELEASED = "released"
    WRITTEN_OFF = "written_off"


class ReservationRecord(Table):
    """A hold, by the till's id and number, so that the same request always gets the same answer (`refusal`, `refusal_data` as JSON); or a lease, by HQ's number within `epoch`
    (0: made by an offline top-up). `amount_minor` and `things` (JSON) are what was asked for or granted, `version` the wallet's that first contained it.
    `needed`: recalled because another till needs it. `at_large`: written off, and its till has not reported since that it may use it no more.
    Open ones stand in the member's wallet as well, under its version guard."""

    __tablename__ = "reservations"
    __table_args__ = placed(
        "store_id",
        CheckConstraint("kind IN ('hold', 'lease')", name="kind"),
        CheckConstraint("state IN ('refused', 'open', 'settled', 'released', 'written_off')", name="state"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        CheckConstraint("(closed_at IS NULL) = (state = 'open')", name="closed_at"),
        Index(
            "ix_reservations_open",
            "store_id",
            "terminal_id",
            "granted_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_reservations_at_large",
            "store_id",
            "terminal_id",
            sqlite_where=text("at_large = 1"),
            postgresql_where=text("at_large"),
        ),
        Index(None, "store_id", "terminal_id", "epoch", "number"),
        Index(None, "member_id"),
    )

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS), primary_key=True)
    reservation_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    incarnation: Mapped[int] = mapped_column(Integer)
    epoch: Mapped[str] = mapped_column(String(ID_CHARS))
    number: Mapped[int] = mapped_column(BigInteger)
    member_id: Mapped[str] = mapped_column(String(ID_CHARS))
    version: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    things: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    refusal: Mapped[str] = mapped_column(String(KIND_CHARS), default="")
    refusal_data: Mapped[str] = mapped_column(Text, default="{}")
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recalled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    needed: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at_large: Mapped[bool] = mapped_column(default=False)
