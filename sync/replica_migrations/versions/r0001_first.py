"""The first shape of the replica."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "members",
        sa.Column("member_id", sa.String(36), primary_key=True),
        sa.Column("member_no", sa.String(10), nullable=False, unique=True),
        sa.Column("card_issue", sa.Integer, nullable=False),
        sa.Column("name_masked", sa.String(64), nullable=False),
        sa.Column("phone_last4", sa.String(4), nullable=False),
        sa.Column("phone_tag", sa.Integer, nullable=False),
        sa.Column("home_store_id", sa.String(16), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("wallet", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_members_phone", "members", ["phone_tag", "phone_last4"])
    op.create_table(
        "purchases",
        sa.Column("purchase_id", sa.String(36), primary_key=True),
        sa.Column("member_id", sa.String(36), nullable=False),
        sa.Column("terminal_id", sa.String(24), nullable=False),
        sa.Column("receipt_no", sa.String(40), nullable=False),
        sa.Column("business_date", sa.String(10), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("purchase", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_purchases_member_id", "purchases", ["member_id"])
    op.create_index("ix_purchases_receipt_no", "purchases", ["receipt_no"])
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("verifier", sa.Text, nullable=False),
        sa.Column("active", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "rulebooks",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("effective_at", sa.String(32), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "stores",
        sa.Column("store_id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
    )
    op.create_table(
        "blocks",
        sa.Column("member_id", sa.String(36), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("scope", sa.String(24), primary_key=True),
        sa.Column("epoch", sa.String(36), nullable=False),
        sa.Column("cursor", sa.BigInteger, nullable=False),
        sa.Column("as_of", sa.String(32), nullable=False),
    )
    op.create_table(
        "deferred",
        sa.Column("row_key", sa.String(64), primary_key=True),
        sa.Column("member_id", sa.String(36), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_deferred_member_id", "deferred", ["member_id"])
