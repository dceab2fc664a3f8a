"""What a dead or forked till leaves behind: leave to recover one, entries declared lost, branches adopted. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _till_columns() -> tuple[sa.Column[object], ...]:
    """Rows that are there already get the defaults; new ones always bring their own values."""
    return (
        sa.Column("hole_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("machine_mark", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("machine_seen", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("branch_from", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("branch_hash", sa.String(length=64), nullable=False, server_default=""),
    )


def upgrade() -> None:
    for column in _till_columns():
        op.add_column("terminals", column)
    op.create_table(
        "recovery_approvals",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rescuer", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_approvals")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.store_id"], name="fk_recovery_approvals_store_id"),
        info={"citus": "reference"},
    )
    op.create_table(
        "scope_generations",
        sa.Column("scope", sa.String(length=24), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.CheckConstraint("generation >= 2", name=op.f("ck_scope_generations_generation")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_scope_generations")),
        info={"citus": "reference"},
    )


def downgrade() -> None:
    op.drop_table("scope_generations")
    op.drop_table("recovery_approvals")
    for column in _till_columns():
        op.drop_column("terminals", column.name)
