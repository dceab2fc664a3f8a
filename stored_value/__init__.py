"""The rules of money, pure: wallets, events, rulebook and postings. Standard library only; time and ids come in as arguments."""
