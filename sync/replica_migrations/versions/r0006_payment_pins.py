"""By what a till tells a wrong payment PIN of a member: the verifier as JSON, empty where none is set."""

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision: str | None = "r0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("members", sa.Column("pin", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("members", "pin")
