"""The command line as a technician meets it: help that reads well, and every mistake with its remedy and exit code 2."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.tongchu.typed import tongchu

pytestmark = pytest.mark.slow


def test_it_is_a_module_to_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tongchu", "till", "status", "-c", "none.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "no such file" in done.stderr) == (2, True)


def test_it_does_not_run_where_assertions_are_left_out(tmp_path: Path) -> None:
    command = [sys.executable, "-O", "-m", "tongchu", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, "PYTHONOPTIMIZE" in done.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        ((), ("demo", "hq", "till", "journal")),
        (("hq",), ("init", "serve", "enrol-code", "new-epoch", "add-store", "add-staff", "publish", "run-day")),
        (("till",), ("enrol", "run", "status")),
        (("journal",), ("verify",)),
    ],
)
def test_help_names_every_command(tmp_path: Path, group: tuple[str, ...], commands: tuple[str, ...]) -> None:
    said = tongchu(*group, "--help", home=tmp_path).stdout
    assert all(command in said for command in commands)


def test_a_head_office_is_made_and_gets_stores_staff_and_rules(tmp_path: Path) -> None:
    (tmp_path / "hq.toml").write_text('data_dir = "hq"\n', encoding="utf-8")
    example = Path(__file__).parents[2] / "docs" / "rulebook.example.json"
    ahead = tmp_path / "ahead.json"
    soon = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    ahead.write_text(json.dumps(json.loads(example.read_text("utf-8")) | {"effective_at": soon}), "utf-8")
    made = tongchu("hq", "init", "-c", "hq.toml", "--write-config", "all-keys.toml", home=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "admin / " in made.stdout
    assert "database_url" in (tmp_path / "all-keys.toml").read_text("utf-8")
    assert tongchu("hq", "add-store", "S01", "人民路店", "-c", "hq.toml", home=tmp_path).returncode == 0
    staff = tongchu("hq", "add-staff", "S01", "张敏", "-c", "hq.toml", home=tmp_path, typed="482913\n482913\n")
    assert "may sign in at S01 as cashier" in staff.stdout
    published = tongchu("hq", "publish", str(ahead), "-c", "hq.toml", home=tmp_path)
    assert f"rulebook 1 takes effect {soon[:10]}" in published.stdout, published.stderr
    days = {f"{datetime.now(UTC):%Y-%m-%d}"}
    at_once = tongchu("hq", "publish", str(example), "--now", "-c", "hq.toml", home=tmp_path)
    days.add(f"{datetime.now(UTC):%Y-%m-%d}")
    assert any(f"rulebook 2 takes effect {day}" in at_once.stdout for day in days), at_once.stderr
    day = tongchu("hq", "run-day", "-c", "hq.toml", home=tmp_path)
    assert (day.returncode, "0 looked at" in day.stdout) == (0, True), day.stderr
    early = tongchu("hq", "run-day", "--on", "2999-01-01", "-c", "hq.toml", home=tmp_path)
    assert (early.returncode, "has not come" in early.stderr) == (2, True), early.stdout
    code = tongchu("hq", "enrol-code", "S01", "-c", "hq.toml", home=tmp_path)
    assert "S01-T1" in code.stdout
    for answer in ("", "n\n"):
        asked = tongchu("hq", "new-epoch", "-c", "hq.toml", home=tmp_path, typed=answer)
        assert (asked.returncode, "nothing was done" in asked.stderr) == (2, True), asked.stdout
    begun = tongchu("hq", "new-epoch", "-c", "hq.toml", home=tmp_path, typed="y\n")
    assert (begun.returncode, "tills follow" in begun.stdout) == (0, True), begun.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("hq", "serve"), ("tongchu hq init",)),
        (("hq", "serve", "-c", "none.toml"), ("none.toml", "no such file")),
        (("hq", "serve", "-c", "bad.toml"), ("bad.toml", "colour", "is no key", "database_url")),
        (("hq", "serve", "-c", "torn.toml"), ("torn.toml", "not TOML")),
        (("till", "status"), ("tongchu till enrol",)),
        (("till", "run", "-c", "bad.toml"), ("bad.toml", "colour", "is no key", "printers")),
        (("till", "enrol", "http://127.0.0.1:1", "CODE"), ("not enrolled", "does not answer")),
        (("journal", "verify", "."), ("journal.db", "no such journal")),
    ],
)
def test_a_mistake_names_file_key_and_remedy(
    tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (tmp_path / "bad.toml").write_text('colour = "red"\n', encoding="utf-8")
    (tmp_path / "torn.toml").write_text("port = [", encoding="utf-8")
    ended = tongchu(*arguments, home=tmp_path)
    said = ended.stderr.replace("\n", " ")
    assert ended.returncode == 2, said
    assert all(word in said for word in words), said
    assert "Traceback" not in said


def test_initialising_twice_changes_nothing(tmp_path: Path) -> None:
    assert tongchu("hq", "init", home=tmp_path).returncode == 0
    again = tongchu("hq", "init", home=tmp_path)
    assert again.returncode == 2
    assert "initialised already" in again.stderr
