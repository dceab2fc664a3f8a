"""Head office's own journal, the transfers under way, the day on which a wallet is looked at, and what campaigns gave.

Until a version is released this file may still change in place.
"""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("wallets", sa.Column("due_on", sa.Date(), nullable=True))
    # Every wallet that is there already is looked at once; what is due then, and when next, is found out by the run.
    op.execute(sa.text("UPDATE wallets SET due_on = :at_once").bindparams(sa.bindparam("at_once", date.min, sa.Date())))
    op.create_index(
        "ix_wallets_due_on",
        "wallets",
        ["due_on", "member_id"],
        unique=False,
        sqlite_where=sa.text("due_on IS NOT NULL"),
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )
    op.create_table(
        "own_journal_head",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_own_journal_head_seq")),
        sa.PrimaryKeyConstraint("store_id", "terminal_id", name="pk_own_journal_head"),
        info={"citus": "store_id"},
    )
    op.create_table(
        "open_transfers",
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("transfer_id", sa.String(length=36), nullable=False),
        sa.Column("to_member_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "transfer_id", name="pk_open_transfers"),
        info={"citus": "member_id"},
    )
    op.create_table(
        "campaign_counts",
        sa.Column("promotion_id", sa.String(length=36), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("bonus_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("times >= 0 AND bonus_minor >= 0", name=op.f("ck_campaign_counts_counts")),
        sa.PrimaryKeyConstraint("promotion_id", name="pk_campaign_counts"),
        info={"citus": "reference"},
    )
    op.create_index("ix_open_transfers_begun_at", "open_transfers", ["begun_at"], unique=False)


def downgrade() -> None:
    op.drop_table("campaign_counts")
    op.drop_table("open_transfers")
    op.drop_table("own_journal_head")
    op.drop_index("ix_wallets_due_on", "wallets")
    op.drop_column("wallets", "due_on")
