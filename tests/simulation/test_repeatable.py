"""The same seed is the same run, byte for byte on the wire and on paper, in another process whose hashes differ; another seed is another run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tongchu.typed import tongchu

pytestmark = pytest.mark.slow


def simulated(*arguments: str, hash_seed: str = "1") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tongchu", "simulate", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "COLUMNS": "120", "NO_COLOR": "1"},
        timeout=600,
        check=False,
    )


@pytest.mark.timeout(900)
def test_a_seed_gives_one_trace_and_another_seed_another() -> None:
    small = ("--seeds", "3-4", "--tills", "3", "--members", "8", "--days", "1", "--json")
    first, second = (json.loads(simulated(*small, hash_seed=each).stdout) for each in ("1", "4242"))
    assert first["traces"] == second["traces"]
    assert first["counts"] == second["counts"]
    assert len(set(first["traces"].values())) == 2
    assert first["failed"] == []


def test_what_cannot_be_simulated_is_said_with_a_remedy(tmp_path: Path) -> None:
    for arguments, word in (
        (("--faults", "flood"), "link cut"),
        (("--seeds", "9-3"), "1-200"),
        (("--tills", "0"), "--tills"),
    ):
        said = tongchu("simulate", *arguments, home=tmp_path)
        assert said.returncode == 2
        assert word in said.stderr


def test_help_explains_itself(tmp_path: Path) -> None:
    said = tongchu("simulate", "--help", home=tmp_path).stdout
    for word in ("--seeds", "--faults", "--json", "witness", "Exit codes"):
        assert word in said
    assert "cloned disk" in tongchu("simulate", "--list-faults", home=tmp_path).stdout
