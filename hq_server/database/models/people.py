"""The tables of staff at the tills and of users of the console."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import HASH_CHARS, ID_CHARS, STORE_ID_CHARS, Table, UtcDateTime, placed


class Staff(Table):
    __tablename__ = "staff"
    __table_args__ = placed("reference", CheckConstraint("role IN ('cashier', 'manager')", name="role"))

    staff_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffVerifier(Table):
    """argon2id over the PIN, keyed with this store's pepper: one a store, so that a stolen till opens no other (H15)."""

    __tablename__ = "staff_verifiers"
    __table_args__ = placed("store_id")

    store_id: Mapped[str] = mapped_column(
        ForeignKey("stores.store_id", name="fk_staff_verifiers_store_id", use_alter=True), primary_key=True
    )
    staff_id: Mapped[str] = mapped_column(
        ForeignKey("staff.staff_id", name="fk_staff_verifiers_staff_id", use_alter=True), primary_key=True
    )
    verifier: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsoleUser(Table):
    """`store_id` limits a franchisee's user to one store; empty sees all."""

    __tablename__ = "console_users"
    __table_args__ = placed(
        "reference",
        UniqueConstraint("login"),
        CheckConstraint("role IN ('admin', 'finance', 'franchisee')", name="role"),
    )

    user_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    login: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    store_id: Mapped[str | None] = mapped_column(String(STORE_ID_CHARS))
    password_hash: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsoleSession(Table):
    """A signed-in browser: the cookie's token only as its SHA-256."""

    __tablename__ = "console_sessions"
    __table_args__ = placed("reference", Index(None, "user_id"))

    token_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("console_users.user_id", name="fk_console_sessions_user_id", use_alter=True)
    )
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
