"""What head office settled of its findings in the store's entries, and how."""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision: str | None = "r0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "settled_findings",
        sa.Column("entry_hash", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("resolution", sa.Text, nullable=False),
        sa.Column("settled_at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("settled_findings")
