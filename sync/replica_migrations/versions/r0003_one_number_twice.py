"""Two members may have one number: copies of a till's disk give out the same ones, and both branches may count (H6)."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision: str | None = "r0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    _made_again(unique=False)
    op.create_index("ix_members_member_no", "members", ["member_no"])


def downgrade() -> None:
    """Fails where two members have one number."""
    _made_again(unique=True)


def _made_again(*, unique: bool) -> None:
    """SQLite cannot drop a constraint."""
    op.rename_table("members", "members_before")
    op.create_table(
        "members",
        sa.Column("member_id", sa.String(36), primary_key=True),
        sa.Column("member_no", sa.String(10), nullable=False, unique=unique),
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
    op.execute("INSERT INTO members SELECT * FROM members_before")
    op.drop_table("members_before")
    op.create_index("ix_members_phone", "members", ["phone_tag", "phone_last4"])
