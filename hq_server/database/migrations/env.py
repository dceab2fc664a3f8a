"""Owns how Alembic runs HQ's migrations: on the connection that `database.migrate` hands in, never on one of its own making."""

from alembic import context

from hq_server.database import models
from hq_server.database.schema import Table

assert models.Terminal.metadata is Table.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=False,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
