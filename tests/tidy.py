"""Owns the rules that the source itself must keep and no linter knows: sizes, names, purity, where money may be.

Each rule is a function from one parsed file (or one text) to offences; it reads nothing by itself, so test_tidy.py can
show that each of them is able to fail. It must not repeat what ruff, mypy or import-linter already hold.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

MODULE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 70

LIBRARIES: Final = ("stored_value", "sync", "printers", "terminal", "hq_server")

EMPTY_NAMES: Final = frozenset(
    {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "core", "v2", "new"}
)

# Where everything may be caught: the last resort of a program or a thread, which logs it and shows it. Each entry is a
# file and the reason; a cleanup that ends in a bare `raise` needs no entry.
LAST_RESORTS: Final[dict[str, str]] = {
    "terminal/runner.py": "the thread of the counter's actions: a defect in one is logged and shown, the till goes on",
    "terminal/syncing/worker.py": "the thread of the sync: a defect in a cycle is logged and shown, the till goes on",
    "tests/crash/played_hour.py": "whatever reaches the cashier from a failing disk is what the test looks for, whole",
    "terminal/syncing/live.py": "the thread of the live channel: a defect is logged, the worker looks for news by itself",
    "terminal/syncing/open_line.py": "the thread that keeps a line open: a defect is logged, a payment makes its line itself",
    "hq_server/feed/sequencer.py": "the thread that sequences: a defect is logged, the outbox keeps its rows, the next round goes on",
    "hq_server/reservations/lease_desk.py": "the lease desk's thread: logs and looks again",
    "hq_server/own_journal/schedule.py": "the thread of head office's runs: a defect is logged, the next look goes on",
    "hq_server/snapshots/builder.py": "the thread of the snapshots: a defect is logged, who waits is told, the next round goes on",
}

_CHECK_OFF: Final = re.compile(r"# (?:noqa|type: ignore)(?:: [A-Z0-9, ]+|\[[a-z, -]+\])? *$")

# What stored_value may import: values and arithmetic. No clock, chance, environment, log, file or thread.
PURE_MODULES: Final = frozenset(
    {
        "__future__", "abc", "base64", "binascii", "bisect", "calendar", "collections", "copy", "dataclasses",
        "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "hmac", "itertools", "json",
        "math", "operator", "re", "string", "struct", "types", "typing", "unicodedata", "uuid",
    }
)  # fmt: skip
IMPURE_NAMES: Final = frozenset(
    {
        "now",
        "utcnow",
        "today",
        "fromtimestamp",
        "uuid1",
        "uuid4",
        "uuid6",
        "uuid7",
        "environ",
        "getenv",
        "urandom",
        "open",
    }
)

MONEY_WORD: Final = re.compile(
    r"(^|_)(minor|amount|price|balance|principal|bonus|fee|fees|fen|yuan|tender|refund|cash|payable|receivable)($|_)"
)

# Spelt in two parts, so that this file does not offend against itself.
MACHINE_TRACES: Final = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (r"(?<![\w.])/" + r"work/", "a path of one machine"),
        (r"(?<![\w.])/" + r"root(/|\b)", "a path of one machine"),
        (r"(?<![\w.])/" + r"home/\w", "a path of one machine"),
        (r"bash" + r"_jobs", "a path of one machine"),
        (r"py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.(org|com)", "a package registry's host"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """One broken rule: where, what, and what to do about it."""

    path: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}. {self.remedy}."


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file: its path from the repository's root, with forward slashes, its text and tree, and the tree's nodes, which every rule goes through."""

    path: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    @classmethod
    def parse(cls, path: str, text: str) -> "Source":
        tree = ast.parse(text, path)
        return cls(path, text, tree, tuple(ast.walk(tree)))

    @property
    def package(self) -> str:
        return self.path.split("/", 1)[0]

    def offence(self, node: ast.AST | int, what: str, remedy: str) -> Offence:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Offence(path=self.path, line=line, what=what, remedy=remedy)


Rule = Callable[[Source], Iterator[Offence]]


def module_is_short(source: Source) -> Iterator[Offence]:
    lines = source.text.count("\n")
    if lines > MODULE_LINES_MAX:
        yield source.offence(
            MODULE_LINES_MAX, f"the module has {lines} lines, at most {MODULE_LINES_MAX}", "Part it by the nouns in it"
        )


def functions_are_short(source: Source) -> Iterator[Offence]:
    in_migration = "migrations/versions/" in source.path
    for node in source.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if in_migration and node.name in {"upgrade", "downgrade"}:
            continue  # a list of tables, in the order in which they come to be
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield source.offence(
                node,
                f"{node.name}() has {lines} lines, at most {FUNCTION_LINES_MAX}",
                "Something in it wants a name of its own",
            )


def module_name_says_something(source: Source) -> Iterator[Offence]:
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if part.rsplit("_", 1)[-1] in EMPTY_NAMES:
            yield source.offence(1, f"'{part}' says nothing", "Name it by a noun of docs/GLOSSARY.md")


def module_says_what_it_owns(source: Source) -> Iterator[Offence]:
    if source.tree.body and not ast.get_docstring(source.tree):
        yield source.offence(1, "no module docstring", "Say what it owns, what it must not do, who calls it")


def names_what_it_catches(source: Source) -> Iterator[Offence]:
    if source.path in LAST_RESORTS:
        return
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(each is None or _last_name(each) in {"Exception", "BaseException"} for each in caught)
        last = node.body[-1]
        if broad and not (isinstance(last, ast.Raise) and last.exc is None):
            yield source.offence(
                node,
                "catches everything",
                "Name the type; a last-resort handler stands in LAST_RESORTS of tests/tidy.py with its reason",
            )


def money_is_never_a_float(source: Source) -> Iterator[Offence]:
    remedy = "Money is an int of minor units; divide by a named function that states its rounding"
    everywhere = source.package == "stored_value"
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Name(id="float")) if everywhere or _mentions_money(node):
                yield source.offence(node, "float() on money", remedy)
            case ast.BinOp(op=ast.Div()) if everywhere or _mentions_money(node):
                if not _joins_paths(node):
                    yield source.offence(node, "true division of money", remedy)
            case ast.BinOp(left=left, right=right) if _mentions_money(node) and (_is_float(left) or _is_float(right)):
                yield source.offence(node, "a float in a sum of money", remedy)
            case ast.Constant(value=float()) if everywhere:
                yield source.offence(node, "a float among the rules of money", remedy)
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=annotation) if (
                annotation is not None and _names(annotation) & {"float", "Decimal", "Float", "Numeric"}
            ):
                name = node.target if isinstance(node, ast.AnnAssign) else node
                if everywhere or _mentions_money(name):
                    yield source.offence(node, "money annotated as a fraction", remedy)


def never_sleeps_for_luck(source: Source) -> Iterator[Offence]:
    """Tests wait for a condition with a deadline; tests/waiting.py is the one place that naps in between."""
    if source.package != "tests" or source.path == "tests/waiting.py":
        return
    for node in source.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="time" | "asyncio"), attr="sleep"):
                pass
            case ast.ImportFrom(module="time" | "asyncio", names=names) if any(each.name == "sleep" for each in names):
                pass
            case _:
                continue
        yield source.offence(node, "sleeps in a test", "Wait for what you need with tests.waiting.until()")


def only_the_command_line_prints(source: Source) -> Iterator[Offence]:
    if source.package not in LIBRARIES:
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield source.offence(node, "prints", "Return it, log it, or leave it to tongchu/")


def presenters_know_no_window(source: Source) -> Iterator[Offence]:
    if not source.path.endswith("_presenter.py"):
        return
    for line, name in _imports(source.tree):
        if name.split(".")[0] == "kivy":
            yield source.offence(line, f"a presenter imports {name}", "Keep it plain Python; its screen binds the view")


def rules_of_money_are_pure(source: Source) -> Iterator[Offence]:
    if source.package != "stored_value":
        return
    for line, name in _imports(source.tree):
        top = name.split(".")[0]
        if top != "stored_value" and top not in PURE_MODULES:
            kind = "impure" if top in sys.stdlib_module_names else "not of the standard library"
            yield source.offence(line, f"imports {name}, {kind}", "Take the time, id or value as an argument")
    for node in source.nodes:
        called = node.func if isinstance(node, ast.Call) else node if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Call) and not isinstance(called, ast.Name):
            continue  # its attribute is visited by itself
        if called is not None and _last_name(called) in IMPURE_NAMES:
            yield source.offence(node, f"uses {_last_name(called)}", "Take the time, id or value as an argument")


def says_which_transaction(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.lower().strip("_") in {"transaction", "transactions"}:
            yield source.offence(node, f"'{node.name}' alone", "Say what it is: top-up, posting, unit of work")


def says_why_a_check_is_off(source: Source) -> Iterator[Offence]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if _CHECK_OFF.search(line):
            yield source.offence(
                number, "a check is off, and nothing says why", "Write the reason behind it, or let the check be right"
            )


RULES: Final[tuple[Rule, ...]] = (
    module_is_short,
    functions_are_short,
    module_name_says_something,
    module_says_what_it_owns,
    names_what_it_catches,
    money_is_never_a_float,
    never_sleeps_for_luck,
    only_the_command_line_prints,
    presenters_know_no_window,
    rules_of_money_are_pure,
    says_which_transaction,
    says_why_a_check_is_off,
)


def leaves_no_trace_of_a_machine(path: str, text: str) -> Iterator[Offence]:
    """Any text file: no path of the machine it was written on, no package registry's host."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, what in MACHINE_TRACES:
            if found := pattern.search(line):
                yield Offence(path=path, line=number, what=f"{what}: {found[0]}", remedy="Leave it out")


def glossary_terms(text: str) -> dict[str, str]:
    """English term -> Chinese term, from the glossary's tables: the first two cells of every row but the head."""
    terms: dict[str, str] = {}
    for line in text.splitlines():
        cells = [cell.strip().strip("*`") for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|") or len(cells) < 2 or set(cells[0]) <= set("-: "):
            continue
        if re.search(r"[\u4e00-\u9fff]", cells[1]):
            for term in re.split(r"[,;/]", cells[0].lower()):
                terms[term.strip()] = cells[1]
    return terms


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def _last_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return name
        case _:
            return ""


def _names(node: ast.AST) -> set[str]:
    return {_last_name(each) for each in ast.walk(node)}


def _mentions_money(node: ast.AST) -> bool:
    return any(MONEY_WORD.search(name.lower()) for name in _names(node))


def _is_float(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def _joins_paths(node: ast.BinOp) -> bool:
    """`folder / "name"` is no arithmetic."""
    return any(
        isinstance(each, ast.JoinedStr) or (isinstance(each, ast.Constant) and isinstance(each.value, str))
        for each in (node.left, node.right)
    )
