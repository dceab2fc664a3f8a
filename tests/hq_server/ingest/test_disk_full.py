"""HQ's disk is full: the till is told when to come again, nothing is half-done, and it goes on when there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine.interfaces import DBAPIConnection

from hq_server.database.models import JournalEntry, Member, Outbox, PostingRecord, WalletRecord
from hq_server.ingest.rebuild import differences
from sync.errors import HqBusy
from tests.hq_server.furnished import served_copy
from tests.hq_server.served import ServedHq

TABLES = (JournalEntry, Member, WalletRecord, PostingRecord, Outbox)


@pytest.fixture
def hq(furnished_sqlite: Path, tmp_path: Path) -> Iterator[ServedHq]:
    with served_copy(furnished_sqlite, tmp_path) as served:
        yield served


def set_room(hq: ServedHq, pages: int | None) -> None:
    """How many pages the file may still grow by; None for as many as it likes. Every connection is told when it is taken from the pool."""
    with hq.database.engine.connect() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit = 2**30 if pages is None else used + pages

    def tell(connection: DBAPIConnection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit}").close()

    event.listen(hq.database.engine, "checkout", tell)


def counts(hq: ServedHq) -> list[int]:
    with hq.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


@pytest.mark.parametrize("room", [0, 1, 2, 4, 8, 16])
def test_a_full_disk_refuses_the_whole_push_and_takes_it_later(hq: ServedHq, room: int) -> None:
    till = hq.till()
    for place in range(60):
        member = till.enrol_member(phone=f"+861390000{place:04d}")
        till.top_up(member, 10_000)
        till.redeem(member, 1_000, 500)
    before = counts(hq)
    set_room(hq, room)
    with pytest.raises(HqBusy) as caught:
        till.push()
    assert caught.value.http_status == 503
    assert 30 <= (caught.value.retry_after_s or 0) <= 60, "not all tills at the same second"
    assert counts(hq) == before
    set_room(hq, None)
    reply = till.push()
    assert [outcome.status for outcome in reply.outcomes] == ["created"] * 180
    hq.sequenced()
    with hq.database.read() as session:
        assert list(differences(session)) == []
    assert len(till.feed()) == 120
