"""The witness tells which claims of a payment PIN head office judged wrongly; its tables are written by hand."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tongchu.witness.books import HqBooks
from tongchu.witness.pins import pins_misjudged

TYPED, INVENTED = "typed", "invented"
NOT_PROVEN, CARD_LIMIT = ("pin_not_proven",), ("static_card_limit",)


@pytest.mark.parametrize(
    ("event_id", "evidence", "codes", "forgotten", "wrong"),
    [
        (TYPED, "pin", (), False, ""),
        (TYPED, "pin", ("overdraft",), False, ""),
        (TYPED, "pin", NOT_PROVEN, False, "was typed"),
        (TYPED, "pin", CARD_LIMIT, False, "was typed"),
        (TYPED, "pin", NOT_PROVEN, True, ""),
        (INVENTED, "pin", NOT_PROVEN, False, ""),
        (INVENTED, "pin", (*NOT_PROVEN, *CARD_LIMIT), False, ""),
        (INVENTED, "pin", (), False, "nobody typed"),
        (INVENTED, "pin", (), True, "nobody typed"),
        (INVENTED, "static_card", CARD_LIMIT, False, ""),
    ],
)
def test_what_was_typed_is_believed_and_nothing_else(
    tmp_path: Path, event_id: str, evidence: str, codes: tuple[str, ...], wrong: str, *, forgotten: bool
) -> None:
    raw = json.dumps({"header": {"evidence": {"class": evidence, "ref": ""}}, "body": {}}).encode()
    with closing(sqlite3.connect(tmp_path / "hq.db", isolation_level=None)) as hq:
        hq.execute(
            "CREATE TABLE journal_entries"
            " (terminal_id TEXT, seq INTEGER, event_id TEXT, version INTEGER, raw BLOB, findings TEXT)"
        )
        told = json.dumps([{"code": code, "data": {}} for code in codes])
        hq.execute("INSERT INTO journal_entries VALUES ('S01-T1', 7, ?, 1, ?, ?)", (event_id, raw, told))
    found = list(pins_misjudged(HqBooks(f"sqlite:///{tmp_path / 'hq.db'}"), {TYPED}, forgotten=forgotten))
    assert [wrong in each for each in found] == ([True] if wrong else [])
