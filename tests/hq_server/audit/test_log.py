"""The audit log: gapless whoever writes at once, and any change to it is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from hq_server.audit.log import broken_rows, record
from hq_server.database.models import AuditRecord
from tests.hq_server.opened import NOW, OpenedHq, opened_hq


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        yield opened


def write(hq: OpenedHq, number: int) -> None:
    with hq.database.write() as session:
        record(session, actor="boss", action="tried", subject=f"thing-{number}", data={"number": number}, now=NOW)


class ChangedMind(Exception):
    pass


def write_and_change_mind(hq: OpenedHq) -> None:
    with hq.database.write() as session:
        record(session, actor="boss", action="tried", subject="undone", now=NOW)
        raise ChangedMind


def broken(hq: OpenedHq) -> list[int]:
    with hq.database.read() as session:
        return list(broken_rows(session))


def test_people_who_act_at_once_stand_one_after_the_other(hq: OpenedHq) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: write(hq, number), range(40)))
    with hq.database.read() as session:
        seqs = session.scalars(select(AuditRecord.seq).order_by(AuditRecord.seq)).all()
        subjects = set(session.scalars(select(AuditRecord.subject)))
    assert seqs == list(range(1, 41))
    assert len(subjects) == 40
    assert broken(hq) == []


def test_what_was_rolled_back_leaves_no_gap(hq: OpenedHq) -> None:
    write(hq, 1)
    with pytest.raises(ChangedMind):
        write_and_change_mind(hq)
    write(hq, 2)
    assert broken(hq) == []


def test_a_changed_row_is_found(hq: OpenedHq) -> None:
    for number in range(5):
        write(hq, number)
    with hq.database.write() as session:
        session.execute(update(AuditRecord).where(AuditRecord.seq == 3).values(actor="nobody"))
    assert broken(hq) == [3]


def test_a_missing_row_is_found(hq: OpenedHq) -> None:
    for number in range(5):
        write(hq, number)
    with hq.database.write() as session:
        session.execute(delete(AuditRecord).where(AuditRecord.seq == 2))
    assert broken(hq) == [3]
