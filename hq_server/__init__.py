"""Head office: ingest, wallets, feed, settlement and pages; never imports the till."""
