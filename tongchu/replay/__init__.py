"""Replaying events on paper: what auditors, franchisees and tax offices use to check the rules by hand, with the functions that till and head office use."""
