"""Head office's tables filled with very many members of one store, by copies of a member who is there: how they came is not what is measured."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.sample_till import members_of_years, wallet_documents
from stored_value.identity import MemberId, StoreId

_TABLES: Final = ("members", "wallets", "scope_members")
_CHUNK: Final = 10_000
Row = dict[str, str | int | bytes | None]


def enter_many(database_file: Path, store_id: StoreId, count: int, now: datetime) -> None:
    """Into a SQLite database that nobody has open; nothing of it needs to survive a power cut. The feed does not name them: they come by snapshot alone."""
    document = wallet_documents(now.date())
    with closing(sqlite3.connect(database_file, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        originals = {table: _original(connection, table, store_id) for table in _TABLES}
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")
        members = members_of_years(count)
        while part := tuple(islice(members, _CHUNK)):
            connection.execute("BEGIN")
            for table, original in originals.items():
                marks = ", ".join("?" * len(original))
                copies = (_copy(original, store_id, each, document) for each in part)
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", copies)  # noqa: S608 - names of our own
            connection.execute("COMMIT")


def _original(connection: sqlite3.Connection, table: str, store_id: StoreId) -> Row:
    at_store = "SELECT member_id FROM scope_members WHERE store_id = ? LIMIT 1"
    found = connection.execute(f"SELECT * FROM {table} WHERE member_id = ({at_store})", (store_id,)).fetchone()  # noqa: S608 - names of our own
    return dict(found)


def _copy(
    original: Row, store_id: StoreId, member: tuple[MemberId, str, str], document: Callable[[MemberId], bytes]
) -> tuple[str | int | bytes | None, ...]:
    member_id, number, last4 = member
    own: Row = {
        "member_id": member_id,
        "member_no": number,
        "phone_last4": last4,
        "phone_tag": int(number) % 4096,
        "home_store_id": store_id,
        "store_id": store_id,
        "state": document(member_id),
    }
    return tuple(own.get(name, value) for name, value in original.items())
