"""Alembic's entry for replica files; run only through `sync.replica_schema.upgrade`, which hands over an open connection."""

from alembic import context

from sync.replica_schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
