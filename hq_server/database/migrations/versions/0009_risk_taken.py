"""What a till took without a reservation since its last report. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("terminals", sa.Column("risk_taken", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("terminals", "risk_taken")
