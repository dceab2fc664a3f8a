"""Stopping a till and letting it go on: once, and never out of revocation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hq_server.database.models import Terminal, TerminalStatus
from hq_server.terminals.standing import Standing, allow_again, stop
from stored_value.identity import TerminalId
from tests.hq_server.opened import OpenedHq, enrolled_till, opened_hq

TILL = TerminalId("S01-T1")


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        enrolled_till(opened, "S01")
        yield opened


def status(hq: OpenedHq) -> tuple[str, str]:
    with hq.database.read() as session:
        row = session.scalars(select(Terminal)).one()
        return row.status, row.status_reason


def test_a_till_is_stopped_once_and_keeps_its_first_reason(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        assert stop(session, TILL, "stolen") is Standing.CHANGED
    with hq.database.write() as session:
        assert stop(session, TILL, "again") is Standing.UNCHANGED
    assert status(hq) == ("stopped", "stolen")


def test_a_stopped_till_may_go_on(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        stop(session, TILL, "stolen")
        assert allow_again(session, TILL) is Standing.CHANGED
        assert allow_again(session, TILL) is Standing.UNCHANGED
    assert status(hq) == ("active", "")


def test_revoked_is_for_ever(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        session.execute(update(Terminal).values(status=TerminalStatus.REVOKED, status_reason="sold"))
        assert allow_again(session, TILL) is Standing.UNCHANGED
        assert stop(session, TILL, "x") is Standing.UNCHANGED
    assert status(hq) == ("revoked", "sold")


def test_a_till_that_nobody_enrolled_is_unknown(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        assert stop(session, TerminalId("S01-T9"), "x") is Standing.UNKNOWN
        assert allow_again(session, TerminalId("S01-T9")) is Standing.UNKNOWN
