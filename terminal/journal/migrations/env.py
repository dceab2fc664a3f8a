"""Alembic's entry for journals; run only by `terminal.journal.database`, which hands over an open connection."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
