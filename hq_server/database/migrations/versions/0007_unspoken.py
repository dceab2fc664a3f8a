"""Tills whose protocol head office does not speak. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("terminals", sa.Column("unspoken_protocol", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("terminals", sa.Column("unspoken_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("terminals", sa.Column("unspoken_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("unspoken_at", "unspoken_since", "unspoken_protocol"):
        op.drop_column("terminals", name)
