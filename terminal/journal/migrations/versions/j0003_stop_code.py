"""Why the till was stopped, as a code beside the words, so that the till says it in its cashier's language."""

from alembic import op

revision = "j0003"
down_revision = "j0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE head_office ADD COLUMN stopped_code TEXT NOT NULL DEFAULT ''")
