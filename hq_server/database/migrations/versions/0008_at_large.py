"""What was written off and may still be spent, and tills that were given up. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("reservations", sa.Column("at_large", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_reservations_at_large",
        "reservations",
        ["store_id", "terminal_id"],
        unique=False,
        sqlite_where=sa.text("at_large = 1"),
        postgresql_where=sa.text("at_large"),
    )
    op.execute(sa.text("UPDATE reservations SET at_large = (1 = 1) WHERE state = 'written_off'"))
    op.add_column("terminals", sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("terminals", "given_up_at")
    op.drop_index("ix_reservations_at_large", table_name="reservations")
    op.drop_column("reservations", "at_large")
