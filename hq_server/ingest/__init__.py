"""What tills push: reading it, applying it to wallets, writing it in one unit of work, answering with an outcome an entry."""
