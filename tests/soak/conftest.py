"""Owns nothing: how the spread of what happened is told is the crash tests' way."""

from tests.crash.conftest import tell

__all__ = ["tell"]
