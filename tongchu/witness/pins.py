"""Owns what is wrong with entries that claim the member's payment PIN (H8): what head office believes was typed, and it tells of what was not.

Called by the simulation, which knows who typed. Must not import the rules or the protocol.
"""

import json
from collections.abc import Collection, Iterator
from typing import Final

from tongchu.witness.books import HqBooks

_NOT_BELIEVED: Final = "pin_not_proven"
_ENDED: Final = "ended"
"""A till that was away for longer hears head office's time before it hears of the change of a PIN; head office cannot tell, and a person decides."""
_AS_BY_CARD: Final = frozenset({_NOT_BELIEVED, "static_card_limit"})


def pins_misjudged(books: HqBooks, typed: Collection[str], *, forgotten: bool) -> Iterator[str]:
    """`typed` are the events for which the member typed his PIN; `forgotten`: head office came back from a backup, so that a PIN of its own may be unknown to it."""
    for terminal_id, seq, event_id, findings in pins_claimed(books):
        told = [found for found in json.loads(findings) if found["data"].get("why") != _ENDED]
        codes = {str(found["code"]) for found in told}
        if event_id not in typed and _NOT_BELIEVED not in findings:
            yield f"{terminal_id}-{seq}: head office believes a PIN that nobody typed"
        elif event_id in typed and codes & _AS_BY_CARD and not forgotten:
            yield f"{terminal_id}-{seq}: the PIN was typed, head office says {sorted(codes)}"


def pins_claimed(books: HqBooks) -> list[tuple[str, int, str, str]]:
    """Till, entry, event and findings."""
    rows = books.rows(
        "SELECT terminal_id, seq, event_id, raw, findings FROM journal_entries WHERE version IS NOT NULL ORDER BY 1, 2"
    )
    return [
        (terminal_id, seq, event_id, findings)
        for terminal_id, seq, event_id, raw, findings in rows
        if json.loads(bytes(raw))["header"]["evidence"]["class"] == "pin"
    ]
