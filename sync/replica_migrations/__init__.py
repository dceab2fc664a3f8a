"""Alembic scripts that bring a replica.db to the shape of `sync.replica_schema`."""
