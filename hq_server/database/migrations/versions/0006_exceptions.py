"""What needs a person, with what became of it. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "exceptions",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("member_id", sa.String(length=36), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assigned_to", sa.String(length=64), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=64), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'resolved')", name=op.f("ck_exceptions_state")),
        sa.CheckConstraint("(resolved_at IS NULL) = (state = 'open')", name=op.f("ck_exceptions_resolved_at")),
        sa.PrimaryKeyConstraint("store_id", "subject", "code", name="pk_exceptions"),
        info={"citus": "store_id"},
    )
    op.create_index("ix_exceptions_state_raised_at", "exceptions", ["state", "raised_at"], unique=False)


def downgrade() -> None:
    op.drop_table("exceptions")
