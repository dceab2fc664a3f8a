"""Members' wallets in the database: what they look like to a till, and entering a store's scope. Their rules are stored_value's; applying events is ingest's."""
