"""Whether entries of an earlier incarnation may still come from a branch that was taken over. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("terminals", sa.Column("branch_open", sa.Boolean(), nullable=False, server_default=sa.false()))
    terminals = sa.table(
        "terminals",
        sa.column("incarnation", sa.Integer()),
        sa.column("report_signature", sa.String()),
        sa.column("branch_open", sa.Boolean()),
    )
    not_reported = (terminals.c.incarnation > 1) & (terminals.c.report_signature == "")
    op.execute(terminals.update().where(not_reported).values(branch_open=sa.true()))


def downgrade() -> None:
    op.drop_column("terminals", "branch_open")
