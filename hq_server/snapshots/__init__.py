"""Ready-made replicas (L7): a store's part of head office's state as a SQLite file, packed once and served to every till of the store as a static file."""
