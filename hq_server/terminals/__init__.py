"""Enrolled tills and whether they may work."""
