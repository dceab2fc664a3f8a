"""Owns bringing a database to the newest schema. Called by the command line, by HQ's start and by tests."""

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hq_server.database.engine import Database
from sync.replica_schema import one_migration_at_a_time

_FOLDER: Final = Path(__file__).with_name("migrations")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Makes or upgrades the schema in one unit of work; does nothing when it is already there."""
    with one_migration_at_a_time, database.write() as session:
        command.upgrade(_config(session.connection()), revision)


@cache
def _newest() -> frozenset[str]:
    """The revisions that this version brings; its files do not change while it runs."""
    return frozenset(ScriptDirectory(str(_FOLDER)).get_heads())


def is_current(database: Database) -> bool:
    with database.read() as session:
        return _newest() == set(MigrationContext.configure(session.connection()).get_current_heads())
