"""`python -m benchmarks [NAME …] [--quick] [--json]`: lists and runs the benchmarks. Called by `make bench`.

Each run is a process of its own, so that no benchmark inherits another's memory and the slower flush reaches only what is
measured. Figures are medians over the quiet runs, or over all of them, with a warning, where no run was quiet.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Final

import msgspec

from benchmarks import bootstrap, feed, growth, hq_ingest, machine, many_tills, propagation, rules, table, till_commit
from benchmarks.figures import Measured, medians
from benchmarks.slow_flush import DELAY_US, NoSlowFlush, SlowFlush
from benchmarks.table import Reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """`measure(folder, quick)` runs once. `flushes`: measured a second time with the slower flush. `measure_full`: at sizes that take too long for every day."""

    summary: str
    flushes: bool
    measure: Callable[[Path, bool], Measured]
    measure_full: Callable[[Path], Measured] | None = None

    def run(self, folder: Path, *, quick: bool, full: bool) -> Measured:
        if full and self.measure_full is not None:
            return self.measure_full(folder)
        return self.measure(folder, quick)


BENCHMARKS: Final[dict[str, Benchmark]] = {
    "till-commit": Benchmark(
        summary=till_commit.SUMMARY,
        flushes=True,
        measure=till_commit.measure,
        measure_full=till_commit.measure_full,
    ),
    "hq-ingest-sqlite": Benchmark(summary=hq_ingest.SUMMARY_SQLITE, flushes=True, measure=hq_ingest.measure_on_sqlite),
    "hq-ingest-postgresql": Benchmark(
        summary=hq_ingest.SUMMARY_POSTGRESQL, flushes=True, measure=hq_ingest.measure_on_postgresql
    ),
    "hq-many-tills": Benchmark(summary=many_tills.SUMMARY, flushes=True, measure=many_tills.measure),
    "hq-growth": Benchmark(
        summary=growth.SUMMARY, flushes=True, measure=growth.measure, measure_full=growth.measure_full
    ),
    "propagation": Benchmark(summary=propagation.SUMMARY, flushes=True, measure=propagation.measure),
    "bootstrap": Benchmark(
        summary=bootstrap.SUMMARY, flushes=True, measure=bootstrap.measure, measure_full=bootstrap.measure_full
    ),
    "feed": Benchmark(summary=feed.SUMMARY, flushes=False, measure=feed.measure),
    "rules": Benchmark(summary=rules.SUMMARY, flushes=False, measure=rules.measure),
}
AS_IT_IS: Final = "as it is"
SLOWER: Final = f"+{DELAY_US // 1_000} ms"


class RunFailed(Exception):
    """A benchmark ended without a result; its own words are on standard error."""


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    if chosen.list:
        print("\n".join(f"{name:22} {known.summary}" for name, known in BENCHMARKS.items()))
        return 0
    if chosen.here:
        measured = BENCHMARKS[chosen.names[0]].run(Path(chosen.here), quick=chosen.quick, full=chosen.full)
        print(msgspec.json.encode(measured).decode())
        return 0
    return _run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures; see docs/BENCHMARKS.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all when none is given")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes and one run: shows that it works, not how fast"
    )
    parser.add_argument("--as-it-is", action="store_true", help="without the second column on the slower flush")
    parser.add_argument("--full", action="store_true", help="the largest sizes, where they take long; see the docs")
    parser.add_argument("--json", action="store_true", help="everything that was measured, as JSON")
    parser.add_argument("--runs", type=int, default=3, help="processes a figure (default 3)")
    parser.add_argument("--wait", type=int, default=0, metavar="S", help="wait up to S seconds for a quiet machine")
    parser.add_argument("--folder", default=None, help="where the databases lie; a disk, not memory (default: TMPDIR)")
    parser.add_argument("--here", default="", help=argparse.SUPPRESS)
    return parser


def _run(chosen: argparse.Namespace) -> int:
    names = chosen.names or list(BENCHMARKS)
    runs = 1 if chosen.quick else chosen.runs
    warnings: list[str] = []
    reports: list[Reported] = []
    with tempfile.TemporaryDirectory(prefix="tongchu-bench-", dir=chosen.folder) as made:
        folder = Path(made)
        folder.chmod(0o755)
        columns = {AS_IT_IS: None} if chosen.as_it_is else _columns(folder, warnings)
        for name in names:
            for flush, environment in columns.items() if BENCHMARKS[name].flushes else [(AS_IT_IS, None)]:
                finished = list(_runs(name, folder, environment, runs, chosen))
                reports.append(_reported(name, flush, finished, warnings))
        facts = machine.facts(folder)
    print((table.as_json if chosen.json else table.as_text)(reports, facts, warnings))
    return 0


def _columns(folder: Path, warnings: list[str]) -> dict[str, dict[str, str] | None]:
    try:
        slow = SlowFlush.build(folder / "slow_flush")
    except NoSlowFlush as reason:
        warnings.append(f"no column {SLOWER}: {reason}")
        return {AS_IT_IS: None}
    return {AS_IT_IS: None, SLOWER: slow.environment()}


def _runs(
    name: str, folder: Path, environment: dict[str, str] | None, runs: int, chosen: argparse.Namespace
) -> Iterator[tuple[Measured, float | None]]:
    for number in range(1, runs + 1):
        _wait_until_quiet(chosen.wait)
        print(f"{name} {number}/{runs}", file=sys.stderr, flush=True)
        before = machine.usage()
        with tempfile.TemporaryDirectory(dir=folder) as own:
            sizes = [word for word, wanted in (("--quick", chosen.quick), ("--full", chosen.full)) if wanted]
            command = [sys.executable, "-m", "benchmarks", name, "--here", own, *sizes]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise RunFailed(f"{name} ended with status {done.returncode}")
        yield msgspec.json.decode(done.stdout, type=Measured), machine.others_share(before, machine.usage())


def _wait_until_quiet(seconds: int) -> None:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        share = machine.share_now()
        if share is None or share <= machine.QUIET_SHARE:
            return


def _reported(name: str, flush: str, finished: list[tuple[Measured, float | None]], warnings: list[str]) -> Reported:
    quiet = [(run, share) for run, share in finished if share is not None and share <= machine.QUIET_SHARE]
    used = quiet or finished
    shares = [share for _, share in used if share is not None]
    if not quiet:
        said = f"others used {median(shares):.0%} of the machine" if shares else "this system does not tell who used it"
        warnings.append(f"{name}, flush {flush}: no quiet run ({said}); do not quote these figures")
    return Reported(
        name=name,
        flush=flush,
        runs=len(used),
        quiet_runs=len(quiet),
        others_share=median(shares) if shares else None,
        measured=medians([run for run, _ in used]),
    )


if __name__ == "__main__":
    sys.exit(main())
