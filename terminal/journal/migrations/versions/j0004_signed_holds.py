"""What head office signed of its holds, by the entry that used each: a head office that comes back from a backup is shown it."""

from alembic import op

revision = "j0004"
down_revision = "j0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE signed_holds (
        hold_id TEXT PRIMARY KEY,
        epoch TEXT NOT NULL,
        seq INTEGER,
        signed TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX ix_signed_holds_entry ON signed_holds (seq) WHERE seq IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
