"""Owns what head office knew and lost when it came back from a backup: entries, leases and holds that the newer database has and the older has not.

Called by the simulation at the moment of the restore. Reads two SQLite files as they are. Must not import the rules or the protocol.
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path


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
