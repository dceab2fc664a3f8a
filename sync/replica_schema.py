"""The shape of `replica.db`: head office writes it into snapshots, the till reads it and follows the feed into it. Disposable; the migrations beside it bring an older file along.

Rows carry only what a till may know (L10): a masked name, the last four digits of the phone, a short tag of it, and the wallet as `wallet_codec` writes it.
"""

import os
import sqlite3
import tempfile
import threading
from contextlib import closing
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
)
from sqlalchemy.pool import NullPool

metadata = MetaData()

members = Table(
    "members",
    metadata,
    Column("member_id", String(36), primary_key=True),
    Column("member_no", String(10), nullable=False, index=True),
    Column("card_issue", Integer, nullable=False),
    Column("name_masked", String(64), nullable=False),
    Column("phone_last4", String(4), nullable=False),
    Column("phone_tag", Integer, nullable=False),
    Column("home_store_id", String(16), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("wallet", LargeBinary, nullable=False),
    Column("updated_at", String(32), nullable=False),
    Column("pin", Text, nullable=False, server_default=""),
    Index("ix_members_phone", "phone_tag", "phone_last4"),
    sqlite_with_rowid=False,
)

purchases = Table(
    "purchases",
    metadata,
    Column("purchase_id", String(36), primary_key=True),
    Column("member_id", String(36), nullable=False, index=True),
    Column("terminal_id", String(24), nullable=False),
    Column("receipt_no", String(40), nullable=False, index=True),
    Column("business_date", String(10), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("purchase", LargeBinary, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("staff_id", String(36), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("verifier", Text, nullable=False),
    Column("active", Integer, nullable=False),
    Column("updated_at", String(32), nullable=False),
)

rulebooks = Table(
    "rulebooks",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("effective_at", String(32), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
    Column("key_id", String(64), nullable=False),
)

stores = Table(
    "stores",
    metadata,
    Column("store_id", String(16), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("zone", String(64), nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("member_id", String(36), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", String(32), nullable=False),
)

campaign_uses = Table(
    "campaign_uses",
    metadata,
    Column("promotion_id", String(36), primary_key=True),
    Column("times", BigInteger, nullable=False),
    Column("bonus_minor", BigInteger, nullable=False),
)

settled_findings = Table(
    "settled_findings",
    metadata,
    Column("entry_hash", String(64), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("resolution", Text, nullable=False),
    Column("settled_at", String(32), nullable=False),
)

passed_over = Table(
    "passed_over",
    metadata,
    Column("scope", String(24), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("scope", String(24), primary_key=True),
    Column("epoch", String(36), nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("as_of", String(32), nullable=False),
)

deferred = Table(
    "deferred",
    metadata,
    Column("row_key", String(64), primary_key=True),
    Column("member_id", String(36), nullable=False, index=True),
    Column("payload", LargeBinary, nullable=False),
)


PAGE_BYTES = 16_384
"""Of a new file: a member's row must fit into a page four times, or SQLite gives each a page of its own besides. Older files keep theirs."""

REVISION = "r0006"
"""The newest revision in `replica_migrations`; a test compares."""

one_migration_at_a_time = threading.Lock()
"""Alembic keeps what it is doing in module globals: two threads of a process may not migrate at once."""


def upgrade(path: Path) -> None:
    """Creates `path` or brings it to the newest shape; quick when it has it, or when there was nothing. A file of a newer program stays as it is: shapes only grow, by
    tables and by columns that may be left out, so that an older till can use a newer head office's snapshot."""
    if not path.exists():
        _put(_empty_file(), path)
    elif (_revision_of(path) or "") < REVISION:
        _migrate(path)


@cache
def _empty_file() -> bytes:
    """Made by the migrations, once a process: they take longer than everything else in making a replica."""
    with tempfile.TemporaryDirectory(prefix="tongchu-replica-") as folder:
        path = Path(folder) / "replica.db"
        _migrate(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("VACUUM")
        return path.read_bytes()


def _put(content: bytes, path: Path) -> None:
    """Whole or not at all. The log of a file that is gone must not be taken for the new one's."""
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _migrate(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "replica_migrations").replace("%", "%%"))
    with one_migration_at_a_time, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(path: Path) -> bool:
    """Whether the file is there and of the newest shape."""
    return _revision_of(path) == REVISION


def _revision_of(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(path)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None
