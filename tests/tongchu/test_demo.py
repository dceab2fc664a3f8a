"""The demo as one types it: a day of real processes ends with agreement and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def demo(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    without_display = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    return subprocess.run(
        [sys.executable, "-m", "tongchu", "demo", *arguments],
        capture_output=True,
        text=True,
        env=without_display | {"TMPDIR": str(home), "COLUMNS": "160"},
        timeout=240,
        check=False,
    )


@pytest.mark.timeout(300)
def test_a_day_is_played_and_receipts_tills_and_head_office_agree(tmp_path: Path) -> None:
    ended = demo("--once", home=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "24 printed receipts, 24 journal entries, 5 members and 18 settlement figures agree" in ended.stdout
    net_due = next(line for line in ended.stdout.splitlines() if "Net due" in line)
    assert net_due.rstrip("│ ").endswith("0.00")
    assert "offline_limit" not in ended.stdout, "a refusal is told in words"
    assert not list(tmp_path.glob("tongchu-demo-*")), "the demo's files are gone"


def test_a_folder_with_something_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    ended = demo("--once", "--dir", str(tmp_path), home=tmp_path)
    assert ended.returncode == 2
    assert "is not empty" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt"]
