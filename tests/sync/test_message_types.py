"""Every module that has messages makes them ready while it is imported: a type decoded first by two threads at once may end the process."""

import re
import subprocess
import sys
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


NOTHING_MADE_LATER = """
import msgspec
from tests.sync.miniature import journal
from stored_value.wallet import Wallet
from sync.event_codec import event_of
from sync.wallet_codec import read_wallet, write_wallet

def made(*_args, **_options):
    raise AssertionError("a type is made while threads run")

msgspec.defstruct = made
msgspec.json.Decoder = made
for entry in journal():
    event_of(entry)
read_wallet(write_wallet(Wallet(member_id="m1", tier_id="basic")))
"""


def test_no_event_or_wallet_makes_a_type_when_it_is_first_read() -> None:
    """In a process in which nothing has been read yet."""
    subprocess.run([sys.executable, "-c", NOTHING_MADE_LATER], check=True, cwd=ROOT)
