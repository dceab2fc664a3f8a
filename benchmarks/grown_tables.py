"""Years of a chain in head office's tables: what real pushes left there, copied by PostgreSQL itself under other names and dates until there are as many events as wanted."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import make_url

_OTHER_ID: Final = "overlay(overlay({column} placing 'f' from 15) placing lpad(to_hex(copy), 6, '0') from 31)"
"""A version of UUIDs that nobody makes: of millions of random ids, one ends like the number of a copy."""
_OTHER_DAY: Final = "{column} - (copy % 365)::integer"
_OTHER_INCARNATION: Final = "copy + 1"
COPIED: Final[dict[str, dict[str, str]]] = {
    "journal_entries": {"incarnation": _OTHER_INCARNATION, "event_id": _OTHER_ID},
    "wallet_events": {"event_id": _OTHER_ID, "incarnation": _OTHER_INCARNATION, "business_date": _OTHER_DAY},
    "postings": {"event_id": _OTHER_ID, "business_date": _OTHER_DAY},
    "purchases": {"purchase_id": _OTHER_ID, "business_date": _OTHER_DAY},
}
"""By table, the columns that differ from copy to copy; everything that a push looks through or adds to."""
_SETTINGS: Final = ("SET synchronous_commit TO off", "SET maintenance_work_mem TO '256MB'")
_INDEXES: Final = """
SELECT relname, pg_get_indexdef(indexrelid), conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid LEFT JOIN pg_constraint ON conindid = indexrelid
WHERE pg_index.indrelid = %s::regclass
"""


@dataclass(frozen=True, slots=True)
class _Index:
    drop: str
    make: str


class GrownTables:
    """Nothing is pushed while `grow_to` works. Indexes are taken away before and built again after each growth."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        with ExitStack() as stack:
            self._connection: psycopg.Connection[tuple[Any, ...]] = stack.enter_context(
                psycopg.connect(
                    f"host={parsed.query['host']} user={parsed.username} dbname={parsed.database}", autocommit=True
                )
            )
            for statement in _SETTINGS:
                self._run(statement)
            stack.pop_all()
        self._sample = 0
        self._copies = 0

    def close(self) -> None:
        self._connection.close()

    def keep_sample(self) -> None:
        """What stands in the tables now is what will be copied."""
        for table in COPIED:
            self._run(f"CREATE UNLOGGED TABLE sample_{table} AS SELECT * FROM {table}")  # noqa: S608 - our own
        self._sample = self._number("SELECT count(*) FROM sample_journal_entries")

    def events(self) -> int:
        return self._number("SELECT count(*) FROM journal_entries")

    def size_bytes(self) -> int:
        """Of the copied tables with their indexes."""
        return sum(self._number(f"SELECT pg_total_relation_size('{table}')") for table in COPIED)

    def grow_to(self, events: int) -> None:
        """At least so many, and the statistics and pages as PostgreSQL would have put them in order by itself."""
        copies = max(0, -(-(events - self.events()) // self._sample))
        first, last = self._copies + 1, self._copies + copies
        for table, differing in COPIED.items():
            indexes = self._indexes(table)
            for index in indexes:
                self._run(index.drop)
            columns = ", ".join(
                differing.get(column, "{column}").format(column=column) for column in self._columns(table)
            )
            self._run(
                f"INSERT INTO {table} SELECT {columns} "  # noqa: S608 - names of our own
                f"FROM generate_series({first}, {last}) AS copy, sample_{table}"
            )
            for index in indexes:
                self._run(index.make)
            self._run(f"VACUUM (ANALYZE) {table}")
        self._run("CHECKPOINT")
        self._copies = last

    def _columns(self, table: str) -> list[str]:
        described = self._connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table)))
        assert described.description is not None
        return [column.name for column in described.description]

    def _indexes(self, table: str) -> Sequence[_Index]:
        return [
            _Index(f"DROP INDEX {name}", definition)
            if constraint is None
            else _Index(
                f"ALTER TABLE {table} DROP CONSTRAINT {constraint}",
                f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {condition}",
            )
            for name, definition, constraint, condition in self._connection.execute(_INDEXES, (table,)).fetchall()
        ]

    def _number(self, asked: str) -> int:
        found = self._connection.execute(asked.encode()).fetchone()
        assert found is not None
        return int(found[0])

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.encode())
