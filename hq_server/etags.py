"""Owns whether a caller has what it asks for already: `If-None-Match` against one ETag, as RFC 9110 §13.1.2 compares them. Pure; called by endpoints of what never changes."""

import re
from typing import Final

_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')
"""One of the list. A tag may hold commas, so the list is not split at them."""


def is_held(if_none_match: str | None, etag: str) -> bool:
    """By weak comparison: a cache on the way may have made the tag weak. `etag` is quoted and strong."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)
