"""docs/PROOF.md says which test stands against which pain and which hole. It is right: each has one, each name exists and is run, and what has none is named there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "PROOF.md"
PAINS = tuple(str(number) for number in (*range(1, 17), 20, 25, 29))
HOLES = tuple(f"H{number}" for number in (*range(1, 12), 14, 16))
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_WITHOUT = re.compile(r"^Without a test of its own: ([^.\n]+)\.$", re.MULTILINE)


def rows(text: str) -> dict[str, list[tuple[str, str]]]:
    """The tests that a table's row names, by the row's first cell."""
    cells = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}
    return {name: _TEST.findall(line) for name, line in cells.items()}


def without_a_test(text: str) -> set[str]:
    """What the page itself says that nothing stands against yet."""
    found = _WITHOUT.search(text)
    return {name.strip() for name in found[1].split(",")} if found else set()


@cache
def functions_of(path: str) -> dict[str, list[str]]:
    """The test functions of a file, each with its own marks."""
    if not (ROOT / path).is_file():
        return {}
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {
        node.name: [ast.unparse(mark) for mark in node.decorator_list]
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


def test_every_pain_and_every_hole_has_a_row_and_what_has_no_test_is_said(page: str) -> None:
    named = rows(page)
    assert [name for name in (*PAINS, *HOLES) if name not in named] == [], "docs/PROOF.md lacks these rows"
    bare = {name for name in (*PAINS, *HOLES) if not named[name]}
    assert bare == without_a_test(page), (
        "a last line `Without a test of its own: 5, H9.` names what has none, and nothing else"
    )


def test_every_test_that_the_page_names_exists_and_is_run(page: str) -> None:
    named = _TEST.findall(page)
    assert len(named) > len(PAINS) + len(HOLES) - 5
    gone = [f"{path}::{name}" for path, name in named if name not in functions_of(path)]
    assert gone == [], "docs/PROOF.md names these; say there which test carries their row now"
    idle = [f"{path}::{name}" for path, name in named if re.search("skip|xfail", " ".join(functions_of(path)[name]))]
    assert idle == []


def test_each_check_of_the_page_can_fail() -> None:
    text = "| 1 | a | `tests/test_proof.py::test_nothing` |\n| 2 | b | |\nWithout a test of its own: 2, H9.\n"
    assert rows(text) == {"1": [("tests/test_proof.py", "test_nothing")], "2": []}
    assert without_a_test(text) == {"2", "H9"}
    assert "test_nothing" not in functions_of("tests/test_proof.py")
    assert "test_each_check_of_the_page_can_fail" in functions_of("tests/test_proof.py")
    assert functions_of("tests/no_such_file.py") == {}
