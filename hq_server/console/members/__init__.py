"""Members: finding one, and everything about one."""
