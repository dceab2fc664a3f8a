"""Several pushes at once: of one till, of many tills to one member; each event lands once and every wallet adds up."""

import logging
import threading
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import func, select

from hq_server.database.models import JournalEntry, WalletEventRecord, WalletRecord
from hq_server.ingest.rebuild import differences
from stored_value.identity import MemberId
from sync.client import HqClient
from sync.messages import PushReply
from tests.hq_server.served import PushingTill, ServedHq


def at_once(jobs: Sequence[Callable[[], PushReply]]) -> list[PushReply]:
    gate = threading.Barrier(len(jobs))
    replies: list[PushReply] = []
    failures: list[BaseException] = []

    def run(job: Callable[[], PushReply]) -> None:
        gate.wait()
        try:
            replies.append(job())
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return replies


def pushing(till: PushingTill) -> Callable[[], PushReply]:
    """As a second process of the same till would: a connection of its own, the same token and message."""
    message = till.message()

    def push() -> PushReply:
        with HqClient(till.hq.url, timeout_s=30) as client:
            client.token = till.client.token
            return client.push(till.terminal_id, message)

    return push


def test_two_pushes_of_one_till_at_once_create_each_entry_once(hq: ServedHq) -> None:
    till = hq.till()
    member = till.enrol_member()
    for _ in range(30):
        till.top_up(member, 1_000)
    push = pushing(till)
    replies = at_once([push, push])
    statuses = sorted({outcome.status for reply in replies for outcome in reply.outcomes})
    assert statuses == ["created", "exists"]
    assert [sum(outcome.status == "created" for reply in replies for outcome in reply.outcomes)] == [31]
    assert {tuple(outcome.versions for outcome in reply.outcomes) for reply in replies} == {
        tuple(outcome.versions for outcome in replies[0].outcomes)
    }
    with hq.database.read() as session:
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 31
        assert session.get_one(WalletRecord, member).principal_minor == 30_000


def test_pushes_of_many_tills_to_common_members_lose_nothing_and_do_nothing_twice(
    hq: ServedHq, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "hq_server.steps")
    tills = [hq.till(store) for store in ("S01", "S01", "S02", "S03")]
    members: list[MemberId] = [tills[0].enrol_member(phone=f"+861390000{place:04d}") for place in range(12)]
    tills[0].push()
    rounds = 5
    for turn in range(rounds):
        for place, till in enumerate(tills):
            order = members if (place + turn) % 2 else members[::-1]
            for member in order:
                till.top_up(member, 100)
        for till, reply in zip(tills, at_once([pushing(till) for till in tills]), strict=True):
            assert all(outcome.status == "created" for outcome in reply.outcomes)
            till.accepted = len(till.entries)
    each = rounds * len(tills)
    with hq.database.read() as session:
        wallets = session.scalars(select(WalletRecord)).all()
        assert [wallet.principal_minor for wallet in wallets] == [each * 100] * len(members)
        assert [wallet.version for wallet in wallets] == [1 + each] * len(members)
        versions = session.execute(
            select(WalletEventRecord.member_id, func.count(func.distinct(WalletEventRecord.version))).group_by(
                WalletEventRecord.member_id
            )
        ).all()
        assert [count for _, count in versions] == [1 + each] * len(members)
        assert list(differences(session)) == []
    applied = [record for record in caplog.records if getattr(record, "step", "") == "applied"]
    assert len(applied) == 1 + each, "a batch that shares members waits for the other, and is applied once"
