"""What a till says of itself while it runs, as `tongchu till status` shows it."""

from pathlib import Path

import pytest

from sync.till_trouble import MirrorFault
from terminal.journal.mirror import Mirror, MirrorStatus
from terminal.standing_report import TillUnreadable, standing_of
from terminal.till_directory import TillDirectory
from tests.stored_value.miniature import top_up
from tests.terminal.miniature import append_all, opened_journal


def test_the_mirror_is_told_with_its_lag_or_why_it_is_not_there(tmp_path: Path) -> None:
    place, stick = TillDirectory(tmp_path / "till"), tmp_path / "stick"
    with opened_journal(place.path) as journal:
        journal.append(top_up("t1", 1))
        Mirror(journal, stick).copy()
        append_all(journal, [top_up("t2", 1), top_up("t3", 1)])
        assert standing_of(place, stick).mirror == MirrorStatus(2), "also while it runs"
    assert standing_of(place).mirror is None
    missing = standing_of(place, tmp_path / "nowhere").mirror
    assert missing is not None
    assert missing.fault is MirrorFault.MISSING


def test_where_no_till_is_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(TillUnreadable, match="till enrol"):
        standing_of(TillDirectory(tmp_path), tmp_path)
