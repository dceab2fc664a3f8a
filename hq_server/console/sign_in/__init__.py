"""Signing in and out: the browser's session, its cookie and the tokens against forged forms."""
