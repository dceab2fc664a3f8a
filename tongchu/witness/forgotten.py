"""Owns what head office knew and lost when it came back from a backup: entries, leases, holds, and whom its stores know, that the newer database has and the older has not.

Called by the simulation at the moment of the restore. Reads two SQLite files as they are. Must not import the rules or the protocol.
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

_RESERVED = "SELECT reservation_id, member_id, amount_minor FROM reservations WHERE state <> 'refused'"
_KNOWN = "SELECT store_id || ' ' || member_id, member_id, store_id FROM scope_members"


@dataclass(slots=True)
class Forgotten:
    """Over all restores. `moved_minor`: of each member, what head office may spend a second time before its tills have told it again; `known`: store and member, where it
    may not tell the store's tills of him again."""

    moved_minor: Counter[str] = field(default_factory=Counter)
    reservations: set[str] = field(default_factory=set)
    known: set[tuple[str, str]] = field(default_factory=set)

    def add(self, newer: Path, older: Path) -> None:
        """At the moment of a restore."""
        self.moved_minor.update(forgotten_minor(newer, older))
        self.reservations |= _gone(newer, older, _RESERVED).keys()
        self.known |= {(str(store), member) for member, store in _gone(newer, older, _KNOWN).values()}


def forgotten_minor(newer: Path, older: Path) -> Counter[str]:
    """By member, everything that moved or was reserved: so much may head office spend a second time before its tills have told it again."""
    lost: Counter[str] = Counter()
    for event_id, (member_id, raw) in _gone(
        newer, older, "SELECT event_id, member_id, raw FROM journal_entries"
    ).items():
        header = json.loads(bytes(raw))["header"]
        if member_id is not None:
            lost[member_id] += int(header["in_minor"]) + int(header["out_minor"])
        assert header["id"] == event_id, "head office files an entry under its own id"
    reserved = "SELECT reservation_id || state, member_id, amount_minor FROM reservations WHERE state <> 'refused'"
    for member_id, amount_minor in _gone(newer, older, reserved).values():
        lost[member_id] += int(amount_minor)
    return lost


def _gone(newer: Path, older: Path, statement: str) -> dict[str, tuple[str, bytes]]:
    known = _rows(older, statement)
    return {key: row for key, row in _rows(newer, statement).items() if key not in known}


def _rows(database: Path, statement: str) -> dict[str, tuple[str, bytes]]:
    with closing(sqlite3.connect(database)) as connection:
        return {key: (member_id, value) for key, member_id, value in connection.execute(statement)}
