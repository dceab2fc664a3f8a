"""The schema: migrations make what the models say, on both engines; the lint holds over it and each of its rules can fail."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    inspect,
    text,
)

from hq_server.database import migrate, models, schema_lint
from hq_server.database.engine import Database, DatabaseUnfit
from hq_server.database.schema import Table as Model


@pytest.fixture
def database(hq_database_url: str) -> Iterator[Database]:
    opened = Database(hq_database_url)
    yield opened
    opened.close()


def test_migrations_make_exactly_what_the_models_say(database: Database) -> None:
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, models.Store.metadata) == []
        inspected = inspect(session.connection())
        for table in Model.metadata.sorted_tables:
            named = {key["name"] for key in inspected.get_foreign_keys(table.name)}
            assert named == {key.name for key in table.foreign_key_constraints}, table.name
            checks = {check["name"] for check in inspected.get_check_constraints(table.name)}
            assert checks == _check_names(table)


def _check_names(table: Table) -> set[str]:
    return {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}


def test_the_schema_keeps_the_rules_of_its_three_engines() -> None:
    assert schema_lint.lint(Model.metadata) == ()


@pytest.mark.parametrize(
    ("columns", "placement", "broken"),
    [
        ([Column("a", String(1), primary_key=True)], "", "says no placement"),
        ([Column("a", String(1), primary_key=True)], "member_id", "no such column"),
        ([Column("member_id", String(36))], "member_id", "has no primary key"),
        (
            [Column("a", String(1), primary_key=True), Column("member_id", String(36))],
            "member_id",
            "lacks the placement",
        ),
        (
            [
                Column("member_id", String(36), primary_key=True),
                Column("a", String(1)),
                UniqueConstraint("a", name="u"),
            ],
            "member_id",
            "key u lacks the placement",
        ),
        ([Column("n", Integer, primary_key=True)], "reference", "numbered by the server"),
        (
            [Column("a", String(1), primary_key=True), Column("at", String(9), server_default=text("now()"))],
            "reference",
            "server default",
        ),
        (
            [Column("a", String(1), primary_key=True), Column("at", DateTime(timezone=True))],
            "reference",
            "bare DateTime",
        ),
        ([Column("a", String(1), primary_key=True), Column("x", Numeric(9, 2))], "reference", "holds fractions"),
        ([Column("a", String(1), primary_key=True), Column("fee_minor", Integer)], "reference", "must be BIGINT"),
        (
            [Column("a", String(1), primary_key=True), Column("b", String(1)), UniqueConstraint("b")],
            "reference",
            "has no name",
        ),
    ],
)
def test_each_rule_of_the_lint_can_fail(columns: list[Column[object]], placement: str, broken: str) -> None:
    table = Table("t", MetaData(), *columns, info={"citus": placement})
    offences = [offence for rule in schema_lint.RULES for offence in rule(table)]
    assert any(broken in offence for offence in offences), offences


def test_a_foreign_key_to_another_node_is_found() -> None:
    metadata = MetaData()
    Table("stores", metadata, Column("store_id", String(9), primary_key=True), info={"citus": "store_id"})
    Table(
        "wallets",
        metadata,
        Column("member_id", String(9), primary_key=True),
        Column("store_id", String(9)),
        Column("amount_minor", BigInteger),
        ForeignKeyConstraint(["store_id"], ["stores.store_id"], name="fk_far"),
        info={"citus": "member_id"},
    )
    offences = schema_lint.lint(metadata)
    assert any("fk_far leads to stores, which lies on another node" in offence for offence in offences)
    assert any("fk_far needs use_alter" in offence for offence in offences)


def test_times_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    migrate.upgrade(database)
    at = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    with database.write() as session:
        session.add(models.Store(store_id="S01", name="人民路店", zone="Asia/Shanghai", owner="company", created_at=at))
    with database.read() as session:
        assert session.get_one(models.Store, "S01").created_at == at
    with pytest.raises(Exception, match="a time without a zone"), database.write() as session:
        session.add(
            models.Store(store_id="S02", name="x", zone="UTC", owner="company", created_at=at.replace(tzinfo=None))
        )


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:////nowhere/at/all/hq.db", "mysql://x/y"])
def test_a_database_that_cannot_serve_says_what_to_do(url: str) -> None:
    with pytest.raises(DatabaseUnfit, match=r"SQLite needs a file|make it|give an sqlite"):
        Database(url)
