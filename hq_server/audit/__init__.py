"""What HQ's people did, so that nobody can change it unnoticed."""
