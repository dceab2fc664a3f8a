"""What is kept for tills: holds and leases, with what became of each. Until a version is released this file may still change in place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _till_columns() -> tuple[sa.Column[object], ...]:
    """Rows that are there already get the defaults; new ones always bring their own values."""
    epoch = sa.String(length=36)
    return (
        sa.Column("last_live_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grant_epoch", epoch, nullable=False, server_default=""),
        sa.Column("grant_counter", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("grants_closed_through", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("requests_closed_through", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("reported_epoch", epoch, nullable=False, server_default=""),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_signature", sa.String(length=88), nullable=False, server_default=""),
    )


def upgrade() -> None:
    for column in _till_columns():
        op.add_column("terminals", column)
    op.create_table(
        "reservations",
        sa.Column("store_id", sa.String(length=16), nullable=False),
        sa.Column("terminal_id", sa.String(length=24), nullable=False),
        sa.Column("reservation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("things", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("refusal", sa.String(length=40), nullable=False),
        sa.Column("refusal_data", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needed", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_reservations_amount_minor")),
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'open')", name=op.f("ck_reservations_closed_at")),
        sa.CheckConstraint("kind IN ('hold', 'lease')", name=op.f("ck_reservations_kind")),
        sa.CheckConstraint(
            "state IN ('refused', 'open', 'settled', 'released', 'written_off')", name=op.f("ck_reservations_state")
        ),
        sa.PrimaryKeyConstraint("store_id", "terminal_id", "reservation_id", name="pk_reservations"),
        info={"citus": "store_id"},
    )
    op.create_index(
        "ix_reservations_open",
        "reservations",
        ["store_id", "terminal_id", "granted_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_reservations_store_id_terminal_id_epoch_number",
        "reservations",
        ["store_id", "terminal_id", "epoch", "number"],
        unique=False,
    )
    op.create_index("ix_reservations_member_id", "reservations", ["member_id"], unique=False)


def downgrade() -> None:
    op.drop_table("reservations")
    for column in _till_columns():
        op.drop_column("terminals", column.name)
