"""Owns whether value that head office moves from one member to another left once and arrived once, and whether a merged member keeps anything (H11).

Called by the simulation. Reads head office's tables; must not import the rules or the protocol.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tongchu.witness.books import HqBooks
from tongchu.witness.journal import seen_entry

_LEGS = "SELECT seq, raw FROM journal_entries WHERE kind IN ('transferred_out', 'transferred_in')"
_OUT, _IN = "transferred_out", "transferred_in"


def transfers_in_two_legs(books: HqBooks) -> Iterator[str]:
    """Every transfer, merge and sweep: what left the one is what arrived at the other, once."""
    legs: defaultdict[str, dict[str, list[list[tuple[str, str, int]]]]] = defaultdict(lambda: {_OUT: [], _IN: []})
    for seq, raw in books.rows(_LEGS):
        entry = seen_entry(seq, bytes(raw))
        legs[str(entry.body["transfer_id"])][entry.kind].append(_moved(entry.body))
    for transfer_id, of_it in sorted(legs.items()):
        if len(of_it[_OUT]) != 1 or of_it[_IN] != of_it[_OUT]:
            yield f"transfer {transfer_id}: {of_it[_OUT]} left, {of_it[_IN]} arrived"


def merged_and_not_swept(books: HqBooks) -> Iterator[str]:
    """A merged member owes nothing and has no more than what is still set aside of him."""
    reserved = books.reserved()
    rows = books.rows("SELECT member_id, state, principal_minor + bonus_minor, receivable_minor FROM wallets")
    for member_id, state, has, owes in rows:
        if json.loads(bytes(state)).get("merged_into") and (owes or has > sum(reserved[member_id].values())):
            yield f"member {member_id} is merged and still has {has} and owes {owes}"


def _moved(body: dict[str, Any]) -> list[tuple[str, str, int]]:
    return sorted((str(part["kind"]), str(part["source_id"]), int(part["amount_minor"])) for part in body["moved"])
