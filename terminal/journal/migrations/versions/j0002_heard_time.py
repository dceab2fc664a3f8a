"""What head office's clock showed when it was heard last, and this machine's at that moment: how wrong the clock is must outlive a restart."""

from alembic import op

revision = "j0002"
down_revision = "j0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE head_office ADD COLUMN heard TEXT")
