"""Owns the fixtures that any test may ask for: real databases, a real browser; and the rule that nothing is skipped.

One exception: containers may forbid network namespaces, which nobody can install. What needs them is marked `namespaces`, skipped there, and counted aloud.

Everything is started only when a test asks. Under pytest-xdist each worker has a server and a browser of its own.
"""

import gc
import os
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Page

from tests.browser import BrowserInUse, shared_chromium
from tests.postgres import Server, memory, running_postgres
from tests.soak.namespaces import why_not

# A busy machine is no reason to fail: speed is for benchmarks.
settings.register_profile("tongchu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tongchu")

GARBAGE = (50_000, 20, 20)
"""When it is collected, as in `tongchu hq serve`."""

SIMULATED = "simulated"
"""A property of a test: what happened in the seeds that it ran."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="a skipped test fails: what it needs must be there")


def pytest_configure() -> None:
    """What tests write lies in memory: it need outlive a killed process, not a power cut, and each commit would wait for the disk."""
    if (folder := memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected lives as long as the session: to walk all of it again and again costs a quarter of the fast tests' time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with a test that may take long come first, so that in the end no worker waits for the other's last long one."""
    longest_s: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        if limit := item.get_closest_marker("timeout"):
            longest_s[item.path] = max(longest_s[item.path], *limit.args)
    items.sort(key=lambda item: -longest_s[item.path])


_forbidden = cache(why_not)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("namespaces") and (reason := _forbidden()):
        pytest.skip(f"network namespaces are not allowed here: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Also when there were none: a count that is always there is missed when it is not."""
    skipped = [report for report in terminalreporter.getreports("skipped") if "namespaces" in report.keywords]
    needed = [each for outcome in ("passed", "failed") for each in terminalreporter.getreports(outcome)]
    ran = sum("namespaces" in each.keywords and each.when == "call" for each in needed)
    if skipped or ran:
        terminalreporter.write_line(
            f"network namespaces: {ran} tests ran, {len(skipped)} skipped because not allowed here"
        )
    _tell_what_was_simulated(terminalreporter)


def _tell_what_was_simulated(terminalreporter: pytest.TerminalReporter) -> None:
    """What really happened in the seeds of the simulation: silence shows nothing."""
    happened: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, counts in report.user_properties:
            if name == SIMULATED and isinstance(counts, dict):
                happened.update(counts)
    if happened:
        told = ", ".join(f"{what} {number:,}" for what, number in sorted(happened.items()))
        terminalreporter.write_line(f"simulated: {told}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    allowed = hasattr(report, "wasxfail") or bool(item.get_closest_marker("namespaces") and _forbidden())
    if report.skipped and not allowed and item.config.getoption("--fail-on-skip"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and --fail-on-skip allows none: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.outcome == "skipped" and collector.config.getoption("--fail-on-skip"):
        report.outcome = "failed"
        report.longrepr = f"skipped as a whole, and --fail-on-skip allows none: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for the session: the locked wheel's, or Debian's with TONGCHU_TEST_PG=apt."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: Server) -> str:
    """The URL of the server's maintenance database. Tests that write want postgres_database."""
    return postgres.url()


@pytest.fixture
def postgres_database(postgres: Server) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def hq_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh, empty database of each kind that head office runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hq.db'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserInUse]:
    """A headless Chromium for the session."""
    with shared_chromium() as in_use:
        yield in_use


@pytest.fixture
def page(chromium: BrowserInUse) -> Iterator[Page]:
    """A page in a context of its own, in Chinese, as large as a small desk's screen."""
    with chromium() as browser:
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        try:
            yield context.new_page()
        finally:
            context.close()
