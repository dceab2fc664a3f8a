"""What head office sends to PostgreSQL keeps the rules that let the same statement run on Citus, but for what is listed; each rule can fail.

Every test that runs head office on PostgreSQL is a witness: `conftest.py` lints whatever it sent. Here is what needs no database, and that the ears hear.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

import hq_server
from hq_server.database.engine import Look
from hq_server.database.prepared import Prepared, PreparedChange
from tests.hq_server.database.known_on_citus import KNOWN
from tests.hq_server.database.statement_lint import offences
from tests.hq_server.database.statements_heard import PLACEMENTS

TABLES = {
    "wallets": "member_id",
    "events": "member_id",
    "tills": "store_id",
    "feed": "feed_id",
    "stores": "reference",
}


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("INSERT INTO wallets (version) VALUES (%(v)s)", "wallets: INSERT without member_id"),
        ("INSERT INTO wallets VALUES (%(v)s)", "wallets: INSERT without member_id"),
        ("INSERT INTO wallets (version) SELECT version FROM staged_wallets", "wallets: INSERT without member_id"),
        ('COPY "wallets" ("version") FROM STDIN (FORMAT BINARY)', "wallets: COPY without member_id"),
        (
            "INSERT INTO wallets (member_id, version) VALUES (%(m)s, 1) ON CONFLICT (version) DO UPDATE SET version = 2",
            "wallets: ON CONFLICT without member_id",
        ),
        (
            "INSERT INTO wallets (member_id, version) VALUES (%(m)s, 1) ON CONFLICT (member_id) DO UPDATE SET member_id = 'x'",
            "wallets: ON CONFLICT moves member_id",
        ),
        ("UPDATE wallets SET member_id = %(n)s WHERE member_id = %(m)s", "wallets: UPDATE moves member_id"),
        ("UPDATE wallets SET version = 2 WHERE version = 1", "wallets: UPDATE does not name member_id"),
        (
            "UPDATE wallets SET version = 2 WHERE member_id = %(m)s OR version = 1",
            "wallets: UPDATE does not name member_id",
        ),
        ("DELETE FROM wallets", "wallets: DELETE does not name member_id"),
        ("SELECT version FROM wallets FOR UPDATE", "wallets: FOR UPDATE of several member_id"),
        (
            "SELECT version FROM wallets WHERE wallets.member_id = ANY(%(m)s) FOR NO KEY UPDATE",
            "wallets: FOR UPDATE of several member_id",
        ),
        (
            "SELECT version FROM wallets WHERE wallets.member_id IN (%(a)s, %(b)s) FOR SHARE",
            "wallets: FOR UPDATE of several member_id",
        ),
        (
            "SELECT 1 FROM wallets JOIN tills ON tills.version = wallets.version",
            "tills+wallets: joined by other columns than those that place them",
        ),
        (
            "SELECT 1 FROM wallets, events WHERE wallets.version = events.version",
            "events+wallets: joined by other columns than those that place them",
        ),
        (
            "SELECT 1 FROM wallets WHERE EXISTS (SELECT 1 FROM events WHERE events.version = wallets.version)",
            "events+wallets: joined by other columns than those that place them",
        ),
        (
            "UPDATE wallets SET updated_at = now() WHERE member_id = %(m)s",
            "*: current_timestamp() comes from the server",
        ),
        ("SELECT CURRENT_TIMESTAMP", "*: current_timestamp() comes from the server"),
        ("SELECT gen_random_uuid()", "*: uuid() comes from the server"),
        ("SELECT nextval('events_seq')", "*: nextval() comes from the server"),
        ("SELECT pg_advisory_xact_lock(1)", "*: pg_advisory_xact_lock() locks one node only"),
        (
            "WITH gone AS (DELETE FROM wallets WHERE member_id = %(m)s RETURNING version) SELECT version FROM gone",
            "wallets: a WITH that changes rows",
        ),
        ("CREATE TABLE extra (member_id TEXT)", "extra: creates a table"),
        ("LOCK TABLE wallets", "*: LOCK is nothing that the rules know"),
        ("TRUNCATE wallets", "*: TRUNCATETABLE is nothing that the rules know"),
        (
            "MERGE INTO wallets USING tills ON wallets.version = tills.version WHEN MATCHED THEN UPDATE SET version = 1",
            "*: MERGE is nothing that the rules know",
        ),
    ],
)
def test_each_rule_can_fail(statement: str, broken: str) -> None:
    assert broken in list(offences(statement, TABLES))


def test_what_is_sent_once_for_each_row_is_told() -> None:
    statement = "UPDATE wallets SET version = 2 WHERE member_id = %(m)s"
    assert list(offences(statement, TABLES, many=True)) == ["wallets: sent once for each row"]
    assert list(offences(statement, TABLES)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO stores (name) VALUES (%(v)s) ON CONFLICT (name) DO NOTHING",
        "INSERT INTO wallets (member_id, version) VALUES (%(m)s::VARCHAR, 1) ON CONFLICT (member_id) DO UPDATE SET version = excluded.version WHERE wallets.version = 1",
        'COPY "wallets" ("member_id", "version") FROM STDIN (FORMAT BINARY)',
        "UPDATE wallets SET version = 2 WHERE wallets.member_id = %(m)s::VARCHAR AND version = 1",
        "DELETE FROM wallets WHERE (wallets.member_id, wallets.version) IN (SELECT member_id, version FROM staged_wallets)",
        "SELECT version FROM wallets WHERE wallets.member_id = %(m)s::VARCHAR FOR NO KEY UPDATE",
        "SELECT name FROM stores FOR SHARE",
        "SELECT 1 FROM wallets JOIN events ON events.member_id = wallets.member_id JOIN stores ON stores.name = events.name",
        "SELECT 1 FROM wallets, events WHERE wallets.member_id = %(m)s AND events.member_id = %(m)s",
        "SELECT 1 FROM wallets WHERE EXISTS (SELECT 1 FROM events WHERE events.member_id = wallets.member_id)",
        "SELECT 1 FROM wallets WHERE wallets.member_id IN (SELECT tills.member_id FROM tills)",
        "CREATE TEMPORARY TABLE IF NOT EXISTS staged_wallets (LIKE wallets INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
        "SAVEPOINT sa_savepoint_1",
        "RELEASE SAVEPOINT sa_savepoint_1",
    ],
)
def test_what_keeps_the_rules_is_let_through(statement: str) -> None:
    assert list(offences(statement, TABLES)) == []


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(hq_server.__path__, "hq_server."):
        if ".migrations" not in found.name:
            yield import_module(found.name)


def test_every_prepared_statement_keeps_the_rules_but_for_what_is_listed() -> None:
    """Whether or not any test runs it."""
    on_postgres = Look(None, PGDialect_psycopg())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    seen = 0
    for module in _modules():
        origin = module.__name__.replace(".", "/") + ".py"
        for value in vars(module).values():
            if isinstance(value, Prepared | PreparedChange):
                seen += 1
                text = value._fixed.compiled(on_postgres).text
                assert [each for each in offences(text, PLACEMENTS) if (origin, each) not in KNOWN] == []
    assert seen > 50, "the walk found next to nothing"


def test_people_are_told_what_is_listed() -> None:
    told = (Path(hq_server.__file__).parent.parent / "docs" / "DATABASES.md").read_text("utf-8").splitlines()
    rows = {(cells[1].strip(" `"), cells[2].strip()) for line in told if len(cells := line.split("|")) == 5}
    assert {row for row in rows if row[0].startswith("hq_server/")} == KNOWN.keys()
