"""Alembic revisions of journal.db, and running them. Revisions are named so that later ones sort after earlier ones. Called when a journal is opened."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from sync.replica_schema import one_migration_at_a_time


def upgrade(path: Path) -> None:
    """Creates `path` or brings it to the newest shape, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with one_migration_at_a_time, engine.connect() as connection:
        # The driver would commit before each CREATE; a revision must be there whole or not at all.
        connection.connection.isolation_level = None  # type: ignore[attr-defined]  # SQLite's own connection
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.exec_driver_sql("COMMIT")
