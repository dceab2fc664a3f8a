"""The tables of a member's money: the wallet as one document guarded by its version, purchases, events and postings. All co-located by member."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import (
    ID_CHARS,
    KIND_CHARS,
    RECEIPT_NO_CHARS,
    STORE_ID_CHARS,
    TERMINAL_ID_CHARS,
    Table,
    UtcDateTime,
    placed,
)


class WalletRecord(Table):
    """`state` is `wallet_codec` JSON and the truth; the amounts beside it are projections of it for pages and checks. `version` grows by one with every event applied;
    `prior_version` is the version that the last write replaced, the guard of that write. `due_on` is the next day on which head office itself looks at the wallet
    (`stored_value.due_days`); a look that found nothing due moves it on."""

    __tablename__ = "wallets"
    __table_args__ = placed(
        "member_id",
        CheckConstraint("principal_minor >= 0", name="principal_minor"),
        CheckConstraint("bonus_minor >= 0", name="bonus_minor"),
        CheckConstraint("receivable_minor >= 0", name="receivable_minor"),
        CheckConstraint("version > prior_version AND prior_version >= 0", name="version"),
        CheckConstraint("status IN ('active', 'frozen', 'lost', 'closed')", name="status"),
        Index(
            "ix_wallets_due_on",
            "due_on",
            "member_id",
            sqlite_where=text("due_on IS NOT NULL"),
            postgresql_where=text("due_on IS NOT NULL"),
        ),
    )

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    prior_version: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(16))
    tier_id: Mapped[str] = mapped_column(String(ID_CHARS))
    principal_minor: Mapped[int] = mapped_column(BigInteger)
    bonus_minor: Mapped[int] = mapped_column(BigInteger)
    receivable_minor: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None]


class PurchaseRecord(Table):
    """A redemption as it stands after its refunds; `version` is the wallet's at its last change."""

    __tablename__ = "purchases"
    __table_args__ = placed("member_id", Index(None, "receipt_no"), Index(None, "store_id", "business_date"))

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    purchase_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    receipt_no: Mapped[str] = mapped_column(String(RECEIPT_NO_CHARS))
    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS))
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS))
    business_date: Mapped[date]
    version: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[bytes] = mapped_column(LargeBinary)


class WalletEventRecord(Table):
    """An event that was applied to a wallet, with the version at which it landed. `findings` is a JSON list of `OutcomeFinding`;
    `amount_minor` is what the event moved, unsigned."""

    __tablename__ = "wallet_events"
    __table_args__ = placed(
        "member_id",
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        Index(None, "store_id", "business_date"),
        Index(None, "receipt_no"),
        Index(
            "ix_wallet_events_needs_a_person",
            "received_at",
            sqlite_where=text("needs_a_person"),
            postgresql_where=text("needs_a_person"),
        ),
    )

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(KIND_CHARS))
    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS))
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS))
    incarnation: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int] = mapped_column(BigInteger)
    receipt_no: Mapped[str] = mapped_column(String(RECEIPT_NO_CHARS))
    staff_id: Mapped[str] = mapped_column(String(ID_CHARS))
    business_date: Mapped[date]
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    offline: Mapped[bool]
    findings: Mapped[str] = mapped_column(Text)
    needs_a_person: Mapped[bool]


class PostingRecord(Table):
    """One side of an event in one store's books: debit positive. Append-only; an event's rows sum to zero in each store."""

    __tablename__ = "postings"
    __table_args__ = placed(
        "member_id",
        CheckConstraint("amount_minor <> 0", name="amount_minor"),
        Index(None, "store_id", "business_date"),
    )

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    line_no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS))
    business_date: Mapped[date]
    kind: Mapped[str] = mapped_column(String(KIND_CHARS))
    account: Mapped[str] = mapped_column(String(KIND_CHARS))
    detail: Mapped[str] = mapped_column(String(ID_CHARS))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
