"""Every benchmark runs at its smallest size and brings figures beside their floors. How fast is never asserted here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import AS_IT_IS, BENCHMARKS, SLOWER, main
from benchmarks.figures import Better, Figure, Measured, medians
from benchmarks.latency import percentile_us
from benchmarks.slow_flush import DELAY_US, SlowFlush, flushes_of_this_thread

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_brings_figures_beside_their_floors(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cheapest also on the slower flush, which is the same run with a library loaded before it."""
    columns = [AS_IT_IS, SLOWER] if name == "till-commit" else [AS_IT_IS]
    fewer = [] if SLOWER in columns else ["--as-it-is"]
    assert main([name, "--quick", *fewer, "--json", "--folder", str(tmp_path)]) == 0
    reports = json.loads(capsys.readouterr().out)["benchmarks"]
    assert [report["flush"] for report in reports] == columns
    for report in reports:
        figures = report["measured"]["figures"]
        assert figures
        assert all(figure["value"] > 0 and figure["floor"] > 0 and figure["floor_what"] for figure in figures)
        assert report["measured"]["settings"]


@pytest.mark.slow
def test_the_slower_flush_counts_each_threads_own(tmp_path: Path) -> None:
    slow = SlowFlush.build(tmp_path / "slow_flush")
    asked = (
        "import pathlib, sys, threading; from benchmarks.machine import flush_us;"
        "from benchmarks.slow_flush import flushes_of_this_thread as counted; folder = pathlib.Path(sys.argv[1]);"
        "other = threading.Thread(target=flush_us, args=(folder, 7)); other.start(); other.join();"
        "before = counted(); flush_us(folder, 5); print(before, counted())"
    )
    command = [sys.executable, "-c", asked, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=slow.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "5"]
    assert flushes_of_this_thread() is None, "it is not loaded here"


@pytest.mark.slow
def test_the_slower_flush_delays_every_flush(tmp_path: Path) -> None:
    """Without this, the second column would be the first one again and nobody would see it."""
    slow = SlowFlush.build(tmp_path / "slow_flush")
    asked = (
        "import pathlib, sys; from benchmarks.machine import flush_us; print(flush_us(pathlib.Path(sys.argv[1]), 5))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, tmp_path],
        cwd=ROOT,
        env=slow.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) >= DELAY_US
    assert "LD_PRELOAD" not in os.environ


def test_a_ratio_says_how_many_times_worse_than_the_floor_for_times_and_rates_alike() -> None:
    time = Figure(what="x", unit="us", value=30, floor=10, floor_what="f", better=Better.LOWER)
    rate = Figure(what="x", unit="/s", value=10, floor=30, floor_what="f", better=Better.HIGHER)
    assert (time.ratio, rate.ratio) == (3, 3)


def test_one_run_that_was_disturbed_does_not_move_the_median() -> None:
    def run(value: float) -> Measured:
        figure = Figure(what="x", unit="us", value=value, floor=1, floor_what="f", better=Better.LOWER)
        return Measured(figures=(figure,), settings={})

    assert medians([run(10), run(900), run(12)]).figures[0].value == 12


@pytest.mark.parametrize(("percent", "expected_us"), [(50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_a_time_that_was_really_measured(percent: int, expected_us: float) -> None:
    assert percentile_us([number * 1_000 for number in range(100, 0, -1)], percent) == expected_us
