"""What campaigns have given in the whole franchise."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision: str | None = "r0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "campaign_uses",
        sa.Column("promotion_id", sa.String(36), primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("bonus_minor", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("campaign_uses")
