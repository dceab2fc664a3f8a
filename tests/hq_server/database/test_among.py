"""Keys in any number under one statement: the same rows as `IN` would give, on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Select, insert, select
from sqlalchemy.dialects import sqlite

from hq_server.database import migrate
from hq_server.database.among import among, pair_among
from hq_server.database.engine import Database
from hq_server.database.models import Outbox, PurchaseRecord, WalletRecord


@pytest.fixture
def database(hq_database_url: str) -> Iterator[Database]:
    opened = Database(hq_database_url)
    migrate.upgrade(opened)
    with opened.write() as session:
        rows = [
            {"member_id": member, "event_id": event, "payload": b""} for member in ("m1", "m2", 'm"3') for event in "ab"
        ]
        session.execute(insert(Outbox), rows)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("keys", "found"), [(["m1"], 2), (["m1", 'm"3', "m9", "m1"], 4), ([], 0), (["x"] * 5_000 + ["m2"], 2)]
)
def test_rows_of_any_number_of_keys_are_found(database: Database, keys: list[str], found: int) -> None:
    with database.read() as session:
        assert len(session.execute(select(Outbox.event_id).where(among(Outbox.member_id, keys))).all()) == found


def test_pairs_are_found_as_pairs(database: Database) -> None:
    pairs = [("m1", "a"), ('m"3', "b"), ("m2", "c"), ("m9", "a")]
    with database.read() as session:
        wanted = pair_among(Outbox.member_id, Outbox.event_id, pairs)
        found = session.execute(select(Outbox.member_id, Outbox.event_id).where(wanted).order_by(Outbox.member_id))
        assert [tuple(row) for row in found] == [('m"3', "b"), ("m1", "a")]


@pytest.mark.parametrize(
    "statement",
    [
        select(WalletRecord.state).where(among(WalletRecord.member_id, ["m1"])),
        select(WalletRecord.state).where(among(WalletRecord.member_id, ["m1"]), WalletRecord.version > 0),
        select(PurchaseRecord.state).where(
            pair_among(PurchaseRecord.member_id, PurchaseRecord.purchase_id, [("m1", "p1")])
        ),
    ],
)
def test_sqlite_searches_the_key_and_reads_no_whole_table(statement: Select[bytes], tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hq.db'}")
    migrate.upgrade(database)
    asked = str(statement.compile(dialect=sqlite.dialect()))
    with database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("[]", 0)[: asked.count("?")]).all()
    database.close()
    assert plan[0].detail.startswith("SEARCH"), plan
