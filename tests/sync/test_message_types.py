"""Every module that has messages makes them ready while it is imported: a type decoded first by two threads at once may end the process."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for package in ("stored_value", "sync", "printers", "terminal", "hq_server", "tongchu")
    for path in sorted((ROOT / package).rglob("*.py"))
    if re.search(r"^class \w+\([\w.]*Struct\b", path.read_text("utf-8"), flags=re.MULTILINE)
]


def test_there_are_messages() -> None:
    assert ROOT / "sync" / "messages.py" in SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_its_messages_are_ready_before_any_thread_begins(path: Path) -> None:
    assert path.read_text("utf-8").endswith("prepare(globals())\n")
