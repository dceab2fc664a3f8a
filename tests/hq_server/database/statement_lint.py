"""Owns the rules that let one statement serve PostgreSQL and Citus, checked over its text. Pure; what it knows of tables is their placement (`schema_lint.placement_of`).

A rule names what Citus refuses, or does at the price of every node. It sees one statement at a time: in what order they are sent, and what they answer, is not its question.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Final

import sqlglot
from sqlglot import exp

from hq_server.database.schema_lint import REFERENCE

Placements = Mapping[str, str]
"""Of each of head office's tables the column that places its rows, or `reference`."""

_MARK: Final = re.compile(r"%\((\w+)\)s")
_BARE_MARK: Final = re.compile(r"%b")
_COPY: Final = re.compile(r'COPY "(\w+)" \(([^)]*)\) FROM STDIN')
_NO_TABLES: Final = re.compile(r"$|show |(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) \w+$")
"""Of the unit of work, and what the driver asks by itself."""
_OF_THE_SERVER: Final = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.Uuid, exp.Rand)
_ALSO_OF_THE_SERVER: Final = frozenset({"clock_timestamp", "statement_timestamp", "transaction_timestamp", "nextval"})
_STAGED: Final = "staged_"


class Named(Enum):
    """How a condition names where rows lie."""

    ONE = auto()
    SEVERAL = auto()
    NOWHERE = auto()


def offences(text: str, placements: Placements, *, many: bool = False) -> Iterator[str]:
    """What of the statement Citus refuses or makes slow, each as `table: what`; nothing when all is well. `many`: the driver sends it once for each row."""
    plain = " ".join(_BARE_MARK.sub(":b", _MARK.sub(r":\1", text)).replace("%%", "%").split()).rstrip("; ")
    if _NO_TABLES.match(plain):
        return
    copied = _COPY.match(plain)
    if copied:
        yield from _of_copy(copied[1], copied[2], placements)
        return
    tree = sqlglot.parse_one(plain, dialect="postgres")
    yield from _of_the_server(tree)
    yield from _of_shape(tree, many=many)
    for insert in tree.find_all(exp.Insert):
        yield from _of_insert(insert, placements)
    for change in tree.find_all(exp.Update, exp.Delete):
        yield from _of_change(change, placements)
    for select in tree.find_all(exp.Select):
        yield from _of_lock(select, placements)
        yield from _of_join(select, placements)


def _of_the_server(tree: exp.Expr) -> Iterator[str]:
    """Times, ids and chance come from the application: the nodes have clocks and counters of their own."""
    for call in tree.find_all(exp.Func):
        name = call.name if isinstance(call, exp.Anonymous) else call.sql_name()
        if isinstance(call, _OF_THE_SERVER) or name.lower() in _ALSO_OF_THE_SERVER:
            yield f"*: {name.lower()}() comes from the server"
        elif name.lower().startswith("pg_advisory"):
            yield f"*: {name.lower()}() locks one node only"


def _of_shape(tree: exp.Expr, *, many: bool) -> Iterator[str]:
    match tree:
        case exp.Create():
            kind = str(tree.args.get("kind", "")).upper()
            if kind == "TRIGGER" or (kind == "TABLE" and not _table_of(tree).startswith(_STAGED)):
                yield f"{_table_of(tree) or '*'}: creates a {kind.lower()}"
        case exp.Query() | exp.Insert() | exp.Update() | exp.Delete():
            pass
        case _:
            what = tree.name.split()[0] if isinstance(tree, exp.Command) else tree.key
            yield f"*: {what.upper()} is nothing that the rules know"
    for held in tree.find_all(exp.CTE):
        if isinstance(held.this, exp.Insert | exp.Update | exp.Delete):
            yield f"{_table_of(held.this)}: a WITH that changes rows"
    if many and isinstance(tree, exp.Insert | exp.Update | exp.Delete):
        yield f"{_table_of(tree)}: sent once for each row"


def _of_copy(table: str, columns: str, placements: Placements) -> Iterator[str]:
    placement = placements.get(table, REFERENCE)
    if placement not in (REFERENCE, *(name.strip(' "') for name in columns.split(","))):
        yield f"{table}: COPY without {placement}"


def _of_insert(insert: exp.Insert, placements: Placements) -> Iterator[str]:
    table = _table_of(insert)
    placement = placements.get(table, REFERENCE)
    if placement == REFERENCE:
        return
    into = insert.this
    columns = [each.name for each in into.expressions] if isinstance(into, exp.Schema) else []
    if placement not in columns:
        yield f"{table}: INSERT without {placement}"
    conflict = insert.args.get("conflict")
    if conflict is None:
        return
    keys = [key.name for key in conflict.args.get("conflict_keys") or ()]
    if conflict.expressions and placement not in keys:
        yield f"{table}: ON CONFLICT without {placement}"
    if placement in _assigned(conflict.expressions):
        yield f"{table}: ON CONFLICT moves {placement}"


def _of_change(change: exp.Expr, placements: Placements) -> Iterator[str]:
    table = _table_of(change)
    placement = placements.get(table, REFERENCE)
    if placement == REFERENCE:
        return
    if isinstance(change, exp.Update) and placement in _assigned(change.expressions):
        yield f"{table}: UPDATE moves {placement}"
    if _named(change, table, placement) is Named.NOWHERE:
        yield f"{table}: {change.key.upper()} does not name {placement}"


def _of_lock(select: exp.Select, placements: Placements) -> Iterator[str]:
    """Citus locks rows of one node at a time."""
    if not select.args.get("locks"):
        return
    for alias, table in _sources(select).items():
        placement = placements.get(table, REFERENCE)
        if placement != REFERENCE and _named(select, alias, placement) is not Named.ONE:
            yield f"{table}: FOR UPDATE of several {placement}"


def _of_join(select: exp.Select, placements: Placements) -> Iterator[str]:
    """Tables that are joined lie side by side only by the column that places both."""
    near = {alias: table for alias, table in (_sources(select) | _outer(select)).items() if alias}
    placed = {
        alias: placement
        for alias, table in near.items()
        if (placement := placements.get(table, REFERENCE)) != REFERENCE
    }
    if len(placed) < 2:
        return
    together = _equal(select.root())
    classes = {together.get((alias, placement), (alias, placement)) for alias, placement in placed.items()}
    if len(classes) > 1:
        yield f"{'+'.join(sorted({near[alias] for alias in placed}))}: joined by other columns than those that place them"


def _sources(select: exp.Select) -> dict[str, str]:
    """Tables that this SELECT names itself, by alias."""
    tables = [
        table
        for part in (select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or ()))
        if part is not None and isinstance(table := part.this, exp.Table)
    ]
    return {table.alias_or_name: table.name for table in tables}


def _outer(select: exp.Select) -> dict[str, str]:
    """Tables of the statement around it that it names the columns of."""
    named = {column.table for column in select.find_all(exp.Column)}
    around: dict[str, str] = {}
    parent = select.find_ancestor(exp.Select, exp.Update, exp.Delete)
    while parent is not None:
        known = _sources(parent) if isinstance(parent, exp.Select) else {_table_of(parent): _table_of(parent)}
        around |= {alias: table for alias, table in known.items() if alias in named}
        parent = parent.find_ancestor(exp.Select, exp.Update, exp.Delete)
    return around


def _equal(tree: exp.Expr) -> dict[tuple[str, str], tuple[str, str]]:
    """Columns, by (table, column), and marks that the statement says are equal: of each the one that stands for all."""
    stands_for: dict[tuple[str, str], tuple[str, str]] = {}

    def of(name: tuple[str, str]) -> tuple[str, str]:
        while stands_for.setdefault(name, name) != name:
            name = stands_for[name]
        return name

    for equal in tree.find_all(exp.EQ):
        sides = [_side(equal.this), _side(equal.expression)]
        if all(sides):
            left, right = (of(side) for side in sides if side is not None)
            stands_for[left] = right
    return {name: of(name) for name in list(stands_for)}


def _side(part: exp.Expr) -> tuple[str, str] | None:
    part = _bare(part)
    match part:
        case exp.Column():
            return part.table, part.name
        case exp.Placeholder() | exp.Parameter():
            return ":", part.name
        case exp.Literal():
            return "'", part.name
        case _:
            return None


def _named(statement: exp.Expr, alias: str, placement: str) -> Named:
    """By the conditions that all must hold."""
    where = statement.args.get("where")
    if where is None:
        return Named.NOWHERE
    found = Named.NOWHERE
    for condition in _all_of(where.this):
        match condition:
            case exp.EQ() if _is_placement(condition.this, alias, placement):
                if isinstance(condition.expression, exp.Any):
                    found = Named.SEVERAL if found is Named.NOWHERE else found
                elif not list(condition.expression.find_all(exp.Column)):
                    return Named.ONE
            case exp.In():
                columns = condition.this.expressions if isinstance(condition.this, exp.Tuple) else [condition.this]
                if any(_is_placement(column, alias, placement) for column in columns) and found is Named.NOWHERE:
                    found = Named.SEVERAL
            case _:
                pass
    return found


def _all_of(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _all_of(condition.this)
        yield from _all_of(condition.expression)
    else:
        yield condition


def _is_placement(part: exp.Expr, alias: str, placement: str) -> bool:
    part = _bare(part)
    return isinstance(part, exp.Column) and part.name == placement and part.table in {"", alias}


def _bare(part: exp.Expr) -> exp.Expr:
    part = part.unnest()
    return _bare(part.this) if isinstance(part, exp.Cast) else part


def _assigned(assignments: list[exp.Expr]) -> set[str]:
    return {each.this.name for each in assignments if isinstance(each, exp.EQ)}


def _table_of(statement: exp.Expr) -> str:
    """That it is about; empty when it is about none."""
    this = statement.this
    while this is not None and not isinstance(this, exp.Table):
        this = this.this if isinstance(this, exp.Expr) else None
    return this.name if this is not None else ""
