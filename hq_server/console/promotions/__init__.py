"""The rulebook, to be read."""
