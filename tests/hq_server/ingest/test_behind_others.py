"""Pushes of several tills to common members, one settled while another is being stored, on PostgreSQL: whatever becomes of the one before, every event lands once and adds up.

The first push is held in the middle of its storing by a row of another's with the key of one of its own, as a second writer would hold it.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import select

from hq_server.database.models import WalletEventRecord, WalletRecord
from hq_server.ingest.rebuild import differences
from hq_server.wallets.scope import enter_scope
from stored_value.findings import FindingCode
from stored_value.identity import EventId, MemberId, StoreId
from sync.messages import PushReply
from tests.hq_server.pin_till import PinTill
from tests.hq_server.served import PushingTill, ServedHq
from tests.waiting import until

Steps = pytest.LogCaptureFixture


@pytest.fixture
def steps(caplog: pytest.LogCaptureFixture) -> Steps:
    caplog.set_level(logging.DEBUG, "hq_server.steps")
    return caplog


def count(steps: Steps, name: str) -> int:
    return sum(getattr(record, "step", "") == name for record in steps.records)


class Pushing:
    """A till's push under way."""

    def __init__(self, till: PushingTill) -> None:
        self._till = till
        self._replies: list[PushReply] = []
        self._thread = threading.Thread(target=self._push)
        self._thread.start()

    def reply(self) -> PushReply:
        self._thread.join(30)
        [reply] = self._replies
        return reply

    def _push(self) -> None:
        self._replies.append(self._till.push())


@contextlib.contextmanager
def held_at(hq: ServedHq, member_id: MemberId, event_id: EventId) -> Iterator[psycopg.Connection]:
    """Whoever stores this event waits until this is over; then it is as if nothing had been here."""
    url = hq.database.engine.url
    conninfo = make_conninfo(host=str(url.query["host"]), user=url.username, dbname=url.database)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO outbox (member_id, event_id, payload) VALUES (%s, %s, '')", (member_id, event_id)
        )
        yield connection
        connection.rollback()


def settled_behind(steps: Steps, first: PushingTill, second: PushingTill) -> tuple[Pushing, Pushing]:
    """Both on their way, the second settled while the first is being stored."""
    before = count(steps, "applied")
    one = Pushing(first)
    until(lambda: count(steps, "applied") == before + 1, what="the first to be settled")
    other = Pushing(second)
    until(lambda: count(steps, "applied") == before + 2, what="the second to be settled meanwhile")
    return one, other


def last_event(till: PushingTill) -> EventId:
    return EventId(till.entries[-1].header.id)


def landed(hq: ServedHq, member_id: MemberId) -> tuple[int, int, int]:
    """What the wallet holds, its version, and how many events it had, each at a version of its own."""
    with hq.database.read() as session:
        wallet = session.get_one(WalletRecord, member_id)
        versions = session.scalars(
            select(WalletEventRecord.version).where(WalletEventRecord.member_id == member_id)
        ).all()
        assert len(set(versions)) == len(versions)
        assert list(differences(session)) == []
        return wallet.principal_minor, wallet.version, len(versions)


def test_a_push_is_settled_on_what_the_one_before_it_is_storing(postgres_hq: ServedHq, steps: Steps) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S02")
    member = first.enrol_member()
    first.push()
    first.top_up(member, 1_000)
    second.top_up(member, 500)
    before = count(steps, "applied")
    with held_at(hq, member, last_event(first)):
        one, other = settled_behind(steps, first, second)
    assert [outcome.versions[0].version for outcome in one.reply().outcomes] == [2]
    assert [outcome.versions[0].version for outcome in other.reply().outcomes] == [3]
    assert count(steps, "applied") == before + 2, "each once"
    assert landed(hq, member) == (1_500, 3, 3)


def test_a_pin_that_the_push_before_sets_is_waited_for(postgres_hq: ServedHq, steps: Steps) -> None:
    """Its key lies in no wallet: who stands behind could not tell a proof by it."""
    hq = postgres_hq
    first, second = PinTill(hq.till("S01")), PinTill(hq.till("S02"))
    member = first.pushing.enrol_member("吴静", "+8613800004444")
    first.pushing.top_up(member, 1_000)
    first.pushing.push()
    secret = first.set_pin(member)
    second.pay(member, 400, secret.key)
    begun = count(steps, "ingest_begun")
    with held_at(hq, member, last_event(first.pushing)):
        one = Pushing(first.pushing)
        until(lambda: count(steps, "ingest_begun") == begun + 1, what="the first to begin")
        until(lambda: member in hq.office.line.members, what="the first to stand in line")
        other = Pushing(second.pushing)
        until(lambda: count(steps, "ingest_begun") == begun + 2, what="the second to begin")
    assert [*one.reply().outcomes[0].findings, *other.reply().outcomes[0].findings] == []
    done = [step for each in steps.records if (step := getattr(each, "step", "")) in ("applied", "rows_written")]
    assert done[-4:] == ["applied", "rows_written", "applied", "rows_written"]
    assert landed(hq, member) == (600, 4, 4)


def test_a_member_whom_the_push_before_enrols_is_known_to_the_one_behind(postgres_hq: ServedHq, steps: Steps) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S01")
    member = first.enrol_member("李强", "+8613800002222")
    second.top_up(member, 500)
    with held_at(hq, member, last_event(first)):
        one, other = settled_behind(steps, first, second)
    assert [*one.reply().outcomes[0].findings, *other.reply().outcomes[0].findings] == []
    assert landed(hq, member) == (500, 2, 2)


def test_an_event_that_the_push_before_brings_as_well_is_a_repetition(postgres_hq: ServedHq, steps: Steps) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S02")
    member = first.enrol_member("张伟", "+8613800005555")
    first.push()
    bought = first.top_up(member, 1_000)
    second.write(replace(bought, occasion=replace(second.occasion(), event_id=bought.occasion.event_id)))
    second.top_up(member, 500)
    before = count(steps, "applied")
    with held_at(hq, member, last_event(first)):
        one, other = settled_behind(steps, first, second)
    one.reply()
    assert [outcome.status for outcome in other.reply().outcomes] == ["set_aside", "created"]
    assert count(steps, "applied") == before + 2, "each once"
    assert landed(hq, member)[0] == 1_500


def test_a_purchase_that_the_push_before_brings_can_be_refunded(postgres_hq: ServedHq, steps: Steps) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S02")
    member = first.enrol_member("郑洁", "+8613800003333")
    first.top_up(member, 1_000)
    first.push()
    purchase = first.redeem(member, 400)
    second.refund(purchase, 1, 100)
    second.refund(purchase, 1, 100)
    with held_at(hq, member, last_event(first)):
        one, other = settled_behind(steps, first, second)
    one.reply()
    codes = {found.code for outcome in other.reply().outcomes for found in outcome.findings}
    assert FindingCode.PURCHASE_UNKNOWN not in codes
    assert landed(hq, member)[0] == 800


def test_what_is_built_on_a_push_whose_connection_breaks_is_settled_again(postgres_hq: ServedHq, steps: Steps) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S02")
    member = first.enrol_member("赵敏", "+8613800006666")
    first.push()
    first.top_up(member, 1_000)
    second.top_up(member, 500)
    before = count(steps, "applied")
    with held_at(hq, member, last_event(first)) as connection:
        one, other = settled_behind(steps, first, second)
        # Of locks, not of activities: within a transaction those are what they were at the first look, and who connects later is never seen.
        broken = until(
            lambda: connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            ).fetchall(),
            what="the first to come upon the row in its way",
        )
        assert broken == [(True,)]
    assert [outcome.status for outcome in (*one.reply().outcomes, *other.reply().outcomes)] == ["created"] * 2
    assert count(steps, "applied") == before + 4, "both a second time"
    assert landed(hq, member) == (1_500, 3, 3)


def test_a_poisoned_push_waits_for_the_one_before_it_and_the_rest_of_it_goes_on(
    postgres_hq: ServedHq, steps: Steps
) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S02")
    member = first.enrol_member("吴芳", "+8613800009999")
    first.push()
    first.top_up(member, 1_000)
    second.top_up(member, 500)
    second.enrol_member("\x00小丽", "+8613800001111")
    second.top_up(member, 300)
    before = count(steps, "applied")
    with held_at(hq, member, last_event(first)):
        one = Pushing(first)
        until(lambda: count(steps, "applied") == before + 1, what="the first to be settled")
        other = Pushing(second)
        until(lambda: "cannot be stored" in steps.text, what="the second to be found poisoned")
    one.reply()
    assert [outcome.status for outcome in other.reply().outcomes] == ["created", "set_aside", "created"]
    assert landed(hq, member) == (1_800, 4, 4)


def test_a_wallet_that_somebody_else_changes_meanwhile_is_settled_again(postgres_hq: ServedHq, steps: Steps) -> None:
    hq = postgres_hq
    first, second = hq.till("S01"), hq.till("S02")
    common, other_member = first.enrol_member("孙丽", "+8613800007777"), first.enrol_member("周涛", "+8613800008888")
    first.push()
    first.top_up(common, 1_000)
    second.top_up(common, 500)
    second.top_up(other_member, 300)
    before = count(steps, "applied")
    with held_at(hq, common, last_event(first)):
        one, other = settled_behind(steps, first, second)
        with hq.database.write() as session:
            assert enter_scope(session, other_member, StoreId("S03"), at=hq.clock.at)
    one.reply()
    other.reply()
    assert count(steps, "applied") == before + 3, "the second again"
    assert landed(hq, common) == (1_500, 3, 3)
    assert landed(hq, other_member)[:2] == (300, 3), "the member entered a store between enrolment and top-up"
