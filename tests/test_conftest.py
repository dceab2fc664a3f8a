"""The fixtures give what they promise: real servers, fresh databases, a browser that draws Chinese."""

import asyncio
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from playwright.sync_api import Page

from tests import waiting
from tests.browser import BrowserInUse
from tests.postgres import NoPostgresError, Server, chosen_binaries, copied, running_postgres, wheel_binaries

pytest_plugins = ["pytester"]


def test_each_database_is_fresh_and_empty(hq_database_url: str) -> None:
    engine = sqlalchemy.create_engine(hq_database_url)
    with engine.begin() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
        connection.execute(sqlalchemy.text("CREATE TABLE left_behind (id INTEGER)"))
    engine.dispose()


@pytest.mark.slow
def test_a_postgres_database_goes_even_while_someone_is_connected(postgres: Server) -> None:
    with postgres.database() as url:
        forgotten = psycopg.connect(url.replace("+psycopg", ""))
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()


@pytest.mark.slow
def test_postgres_listens_on_no_port(postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SHOW listen_addresses")) == ""
    engine.dispose()


@pytest.mark.slow
def test_postgres_starts_from_a_folder_that_its_account_may_not_open(tmp_path: Path) -> None:
    private = tmp_path / "private"
    binaries = copied(wheel_binaries(), private)
    private.chmod(0o700)
    with running_postgres(binaries=binaries) as server, server.database() as url:
        assert url


def test_asking_for_an_unknown_postgres_says_what_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGCHU_TEST_PG", "oracle")
    with pytest.raises(NoPostgresError, match="neither wheel nor apt"):
        chosen_binaries()


@pytest.mark.slow
def test_the_browser_runs_scripts_and_speaks_chinese(page: Page) -> None:
    page.set_content("<p id=who></p><script>document.getElementById('who').textContent = navigator.language</script>")
    assert page.text_content("#who") == "zh-CN"


@pytest.mark.slow
def test_the_browser_leaves_room_for_other_event_loops(chromium: BrowserInUse) -> None:
    async def answer() -> int:
        return 42

    with chromium() as browser:
        assert browser.is_connected()
    assert asyncio.run(answer()) == 42


def test_waiting_ends_with_what_was_waited_for() -> None:
    answers = iter([0, 0, 7])
    assert waiting.until(lambda: next(answers), what="a seven", nap_s=0) == 7


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(AssertionError, match="in vain for the receipt; last answer: None"):
        waiting.until(lambda: None, what="the receipt", timeout_s=0.01, nap_s=0.001)


def test_a_skip_fails_where_none_is_allowed(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.conftest import *  # noqa: F403")
    pytester.makepyfile("import pytest\ndef test_it(): pytest.skip('no printer')\ndef test_other(): pass")
    result = pytester.runpytest_subprocess("--fail-on-skip", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*no printer*"])
