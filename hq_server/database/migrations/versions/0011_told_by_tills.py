"""What a till tells of itself with each session. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("terminals", sa.Column("told_head", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("terminals", sa.Column("printer", sa.String(24), nullable=False, server_default=""))
    op.add_column("terminals", sa.Column("print_jobs", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("terminals", sa.Column("clock_off_s", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("clock_off_s", "print_jobs", "printer", "told_head"):
        op.drop_column("terminals", name)
