"""Owns the rules that let one schema serve SQLite, PostgreSQL and Citus, checked over the metadata. Pure; called by its test.

It must be fed metadata, not a database: whether the migrations make the same schema is another test's question.
"""

from collections.abc import Callable, Iterator
from typing import Final, get_args

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.types import DateTime, Float, Numeric

from hq_server.database.schema import Placement

REFERENCE: Final = "reference"
Rule = Callable[[Table], Iterator[str]]


def placement_of(table: Table) -> str:
    """The column that places the table's rows, `reference`, or empty when it does not say."""
    return str(table.info.get("citus", ""))


def says_its_placement(table: Table) -> Iterator[str]:
    placement = placement_of(table)
    if placement not in get_args(Placement):
        yield f"says no placement: put it into placed(...), one of {', '.join(get_args(Placement))}"
    elif placement != REFERENCE and placement not in table.columns:
        yield f"is placed by {placement} and has no such column"


def keys_contain_the_placement(table: Table) -> Iterator[str]:
    placement = placement_of(table)
    if placement == REFERENCE:
        return
    keys = [
        (key.name, key.columns) for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)
    ]
    keys += [(index.name, index.columns) for index in table.indexes if index.unique]
    for name, columns in keys:
        if placement not in columns:
            yield f"key {name} lacks the placement column {placement}"


def has_a_primary_key(table: Table) -> Iterator[str]:
    if not table.primary_key.columns:
        yield "has no primary key"


def makes_no_ids(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column is table.autoincrement_column or column.identity is not None:
            yield f"{column.name} is numbered by the server: ids come from the application (autoincrement=False)"
        if column.server_default is not None:
            yield f"{column.name} has a server default: values and times come from the application"


def refers_only_to_what_lies_beside_it(table: Table) -> Iterator[str]:
    placement = placement_of(table)
    for key in table.foreign_key_constraints:
        target = key.referred_table
        beside = placement == placement_of(target) and (
            placement == REFERENCE
            or any(element.column.name == element.parent.name == placement for element in key.elements)
        )
        if placement_of(target) != REFERENCE and not beside:
            yield f"foreign key {key.name} leads to {target.name}, which lies on another node"
        if not key.use_alter:
            yield f"foreign key {key.name} needs use_alter=True: it is added after distribution"


def names_its_constraints(table: Table) -> Iterator[str]:
    for constraint in table.constraints:
        if constraint.name is None:
            yield f"a {constraint.__visit_name__} has no name"
    for index in table.indexes:
        if index.name is None:
            yield "an index has no name"


def keeps_times_in_utc(table: Table) -> Iterator[str]:
    for column in table.columns:
        if isinstance(column.type, DateTime):
            yield f"{column.name} is a bare DateTime: use UtcDateTime"


def keeps_money_whole(table: Table) -> Iterator[str]:
    for column in table.columns:
        if isinstance(column.type, Numeric | Float):
            yield f"{column.name} holds fractions"
        elif column.name.endswith("_minor") and not _is_bigint(column):
            yield f"{column.name} must be BIGINT: minor units outgrow 32 bits"


RULES: Final[tuple[Rule, ...]] = (
    says_its_placement,
    has_a_primary_key,
    keys_contain_the_placement,
    makes_no_ids,
    refers_only_to_what_lies_beside_it,
    names_its_constraints,
    keeps_times_in_utc,
    keeps_money_whole,
)


def lint(metadata: MetaData) -> tuple[str, ...]:
    """Every broken rule as `table: what`; empty when the schema keeps them all."""
    return tuple(
        f"{table.name}: {offence}" for table in metadata.sorted_tables for rule in RULES for offence in rule(table)
    )


def _is_bigint(column: Column[object]) -> bool:
    return column.type.__visit_name__ == "big_integer"
