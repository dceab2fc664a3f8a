"""A cap over all members: head office counts each top-up once, tells every till, and reports what honest tills promised beyond it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from hq_server.database.models import CampaignCount, ExceptionRecord, JournalEntry, WalletEventRecord
from hq_server.snapshots.replica_file import write_replica
from stored_value.findings import FindingCode
from stored_value.wallet import ValueKind
from sync import replica_schema
from sync.messages import GLOBAL_SCOPE, CampaignRow
from tests.hq_server.own_journal.miniature import books_are_right, named, till_under, wallet_of
from tests.hq_server.served import PushingTill, ServedHq

CAPPED = [
    {
        "id": "first-two",
        "type": "fixed_plan",
        "name": named("前两名充100送30"),
        "pay_minor": 10_000,
        "bonus_minor": 3_000,
        "terms": {"caps": {"campaign": {"times": 2}}},
    }
]


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    return till_under(hq, promotions=CAPPED)


def counted(hq: ServedHq) -> list[tuple[str, int, int]]:
    hq.sequenced()
    with hq.database.read() as session:
        return [(row.promotion_id, row.times, row.bonus_minor) for row in session.scalars(select(CampaignCount))]


def test_each_top_up_counts_once_and_every_till_hears_of_it(hq: ServedHq, till: PushingTill) -> None:
    till.plan_top_up(till.enrol_member(), 10_000, "first-two", 3_000)
    till.push()
    till.push(till.entries)
    assert counted(hq) == [("first-two", 1, 3_000)]
    far = hq.till("S03")
    rows = [each.row for each in far.feed(GLOBAL_SCOPE) if isinstance(each.row, CampaignRow)]
    assert [(row.promotion_id, row.times, row.bonus_minor) for row in rows] == [("first-two", 1, 3_000)]


def test_what_tills_promised_beyond_the_cap_is_kept_and_told(hq: ServedHq, till: PushingTill) -> None:
    members = [till.enrol_member(phone=f"+86139000000{place:02d}") for place in range(3)]
    for member in members:
        till.plan_top_up(member, 10_000, "first-two", 3_000)
    till.push()
    assert counted(hq) == [("first-two", 3, 9_000)]
    assert {wallet_of(hq, member).balance_minor(ValueKind.BONUS) for member in members} == {3_000}
    with hq.database.read() as session:
        rows = [*session.scalars(select(WalletEventRecord)), *session.scalars(select(JournalEntry))]
        told = [(row.kind, row.needs_a_person) for row in rows if FindingCode.CAMPAIGN_BEYOND_CAP in row.findings]
        raised = session.scalars(select(ExceptionRecord)).all()
    assert told == [("topped_up", True)] * 2
    found = [(each.code, each.kind, each.state, each.seq) for each in raised]
    assert found == [(FindingCode.CAMPAIGN_BEYOND_CAP, "promotion", "open", 6)]
    books_are_right(hq)


def test_what_a_till_that_knew_of_the_cap_did_not_promise_is_not_given(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.top_up(member, 10_000)
    outcome = till.push().outcomes[-1]
    assert outcome.findings == ()
    assert wallet_of(hq, member).balance_minor(ValueKind.BONUS) == 0
    assert counted(hq) == []


def test_a_snapshot_brings_the_counts(hq: ServedHq, till: PushingTill, tmp_path: Path) -> None:
    till.plan_top_up(till.enrol_member(), 10_000, "first-two", 3_000)
    till.push()
    hq.sequenced()
    path = tmp_path / "replica.db"
    replica_schema.upgrade(path)
    with hq.database.read() as session:
        write_replica(session, path, "S02", as_of=hq.clock.at)
    with closing(sqlite3.connect(path)) as replica:
        assert replica.execute("SELECT * FROM campaign_uses").fetchall() == [("first-two", 1, 3_000)]
