"""Exceptions: what needs a person, from the list to how it was settled."""
