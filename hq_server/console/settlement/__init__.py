"""The settlement between stores, and the receipts behind each of its numbers."""
