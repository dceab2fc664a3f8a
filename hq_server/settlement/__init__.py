"""What stores collected, gave, served and owe each other, by business day: read from the rollups, explained by the postings behind them."""
