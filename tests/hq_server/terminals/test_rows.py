"""A till's row as calls hold it: read as the model reads it, and nothing written but what was changed."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hq_server.database.models import Terminal
from hq_server.terminals.rows import TerminalRow, hold_terminal, read_terminal, terminal_by_id, write_terminal
from tests.hq_server.opened import OpenedHq, enrolled_till, opened_hq

AT = datetime(2026, 11, 23, 8, 0, 0, 5, tzinfo=UTC)


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        enrolled_till(opened, "S01")
        yield opened


def test_every_column_is_read_as_the_model_reads_it(hq: OpenedHq) -> None:
    with hq.database.read() as session:
        row = read_terminal(session, "S01", "S01-T1")
        model = session.scalars(select(Terminal)).one()
    assert row is not None
    assert all(getattr(row, each.name) == getattr(model, each.name) for each in fields(TerminalRow))


def test_a_change_is_kept_and_what_another_wrote_meanwhile_stays(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        held = terminal_by_id(session, "S01-T1")
        assert held is not None
        session.execute(update(Terminal).values(accepted_seq=7))
        held.row.last_seen_at, held.row.anchor_seen, held.row.version = AT, b"\x00", "2.0"
        write_terminal(session, held)
    with hq.database.read() as session:
        row = read_terminal(session, "S01", "S01-T1")
    assert row is not None
    assert (row.accepted_seq, row.last_seen_at, row.anchor_seen, row.version) == (7, AT, b"\x00", "2.0")


def test_a_row_that_did_not_change_is_not_written(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        held = hold_terminal(session, "S01", "S01-T1")
        session.execute(update(Terminal).values(version="2.0"))
        write_terminal(session, held)
        assert session.scalars(select(Terminal.version)).one() == "2.0"
    with hq.database.read() as session:
        assert read_terminal(session, "S01", "S09-T1") is None
        assert terminal_by_id(session, "S09-T1") is None
