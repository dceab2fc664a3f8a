"""Entries that need a person."""
