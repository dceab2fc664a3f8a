"""The witness tells what head office booked on a wrong day or told wrongly as a prior period's; its tables are written by hand. November's books close with its last day."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tongchu.witness.books import HqBooks
from tongchu.witness.periods import told_as_late

IN_NOVEMBER, IN_DECEMBER = "2026-11-30 03:00:00.000000", "2026-12-01 03:10:30.309299"
ANCHORED = "2026-11-30T02:39:42Z"


def disagreements(
    folder: Path, *, said: str, booked: str, counted_on: str = "", late: bool, came: str, anchored: str | None
) -> list[str]:
    anchor = {"hq_time": anchored} if anchored else None
    raw = json.dumps({"header": {"anchor": anchor}, "body": {"business_date": said}}).encode()
    found = [{"code": "outside_anchors", "data": {"why": "time", "counted_on": counted_on}}] if counted_on else []
    found += [{"code": "prior_period", "data": {}}] if late else []
    with closing(sqlite3.connect(folder / "hq.db", isolation_level=None)) as hq:
        hq.execute(
            "CREATE TABLE journal_entries"
            " (terminal_id TEXT, seq INTEGER, event_id TEXT, raw BLOB, findings TEXT, received_at TEXT)"
        )
        hq.execute("CREATE TABLE postings (event_id TEXT, business_date TEXT)")
        hq.execute("INSERT INTO journal_entries VALUES ('S03-T2', 7, 'e', ?, ?, ?)", (raw, json.dumps(found), came))
        hq.execute("INSERT INTO postings VALUES ('e', ?)", (booked,))
        hq.execute("INSERT INTO postings VALUES ('e', ?)", (booked,))
    return list(told_as_late(HqBooks(f"sqlite:///{folder / 'hq.db'}"), "Asia/Shanghai"))


@pytest.mark.parametrize(
    ("said", "came", "late", "wrong"),
    [
        ("2026-11-30", IN_NOVEMBER, False, ""),
        ("2026-11-30", IN_DECEMBER, True, ""),
        ("2026-12-01", IN_DECEMBER, False, ""),
        ("2026-11-30", IN_NOVEMBER, True, "told as a prior period's: True"),
        ("2026-11-30", IN_DECEMBER, False, "told as a prior period's: False"),
        ("2026-12-01", IN_DECEMBER, True, "told as a prior period's: True"),
        ("2026-12-02", IN_DECEMBER, False, "came before"),
        ("2026-11-27", IN_NOVEMBER, False, "no shift before"),
    ],
)
def test_l9_of_an_entry_that_counts_on_its_own_day(
    tmp_path: Path, said: str, came: str, wrong: str, *, late: bool
) -> None:
    told = disagreements(tmp_path, said=said, booked=said, late=late, came=came, anchored=ANCHORED)
    assert [wrong in each for each in told] == ([True] if wrong else [])


@pytest.mark.parametrize(
    ("said", "booked", "counted_on", "late", "wrong"),
    [
        ("2026-12-02", "2026-11-30", "2026-11-30", True, ""),
        ("2026-12-02", "2026-11-30", "2026-11-30", False, "told as a prior period's: False"),
        ("2026-12-02", "2026-12-01", "2026-12-01", False, ""),
        ("2026-12-02", "2026-12-01", "2026-11-30", False, "no finding says why"),
        ("2026-12-02", "2026-11-30", "", True, "no finding says why"),
        ("2026-11-30", "2026-12-01", "2026-12-01", False, "its own day fits its anchor"),
        ("2026-12-02", "2026-11-27", "2026-11-27", True, "no shift before"),
        ("2026-12-04", "2026-12-03", "2026-12-03", False, "came before"),
    ],
)
def test_l9_of_an_entry_that_counts_on_another_day_than_it_says(
    tmp_path: Path, said: str, booked: str, counted_on: str, wrong: str, *, late: bool
) -> None:
    """By a clock that ran days ahead, and came in December."""
    told = disagreements(
        tmp_path, said=said, booked=booked, counted_on=counted_on, late=late, came=IN_DECEMBER, anchored=ANCHORED
    )
    assert [wrong in each for each in told] == ([True] if wrong else [])


def test_l9_an_entry_without_an_anchor_is_bound_by_its_coming_alone(tmp_path: Path) -> None:
    assert not disagreements(
        tmp_path,
        said="2026-12-02",
        booked="2026-11-01",
        counted_on="2026-11-01",
        late=True,
        came=IN_DECEMBER,
        anchored=None,
    )
