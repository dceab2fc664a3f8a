"""From where in a feed a kind of rows was passed over, because the program did not know it."""

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision: str | None = "r0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "passed_over",
        sa.Column("scope", sa.String(24), primary_key=True),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("passed_over")
