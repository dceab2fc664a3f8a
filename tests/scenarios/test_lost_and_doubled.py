"""Answers that are lost, questions that are asked twice, files that vanish: whatever is in a journal reaches head office exactly once (L1, L3, L7, H9)."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.errors import HqUnreachable
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.till import Till
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow
PUSH = "POST /v1/journals/"


def test_a_lost_reply_is_asked_for_again_and_the_money_moves_once(franchise: Franchise) -> None:
    """L1: head office applied the push, the answer was lost."""
    wang = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        till.top_up(wang, 100_000, "plan-1000")
        till.redeem(wang, 3_000)
        relay.lose_replies_to(PUSH)
        assert isinstance(till.sync_fails(), HqUnreachable)
        assert relay.lost == 1
        assert franchise.books.balances()[wang] == 125_000 - 3_000, "head office has it"
        journal = read_journal(till.data_dir)
        assert journal.open_push == (journal.settled_through + 1, len(journal.entries)), "the till knows that it asked"
        assert till.member(wang).balance_minor == 125_000 - 3_000
        assert till.member(wang).pending
        till.sync()
        assert read_journal(till.data_dir).open_push is None
        assert till.journal.pending_count() == 0
        assert (till.member(wang).balance_minor, till.member(wang).pending) == (125_000 - 3_000, False)
    assert franchise.books.faults("S01-T1") == []
    assert franchise.books.balances()[wang] == 125_000 - 3_000


def test_a_lost_reply_survives_a_crash_of_the_till(franchise: Franchise) -> None:
    wang = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        till.top_up(wang, 20_000)
        relay.lose_replies_to(PUSH)
        till.sync_fails()
        till.restart(franchise.hq.url)
        assert till.journal.outcomes.members_in_doubt() == {wang}
        till.sync()
        assert till.journal.outcomes.members_in_doubt() == frozenset()
        till.begin_shift()
        assert till.member(wang).balance_minor == 25_000
    assert franchise.books.faults("S01-T1") == []


class Recording(httpx.HTTPTransport):
    """Real HTTP that keeps the pushes, to be delivered once more by whoever doubles packets."""

    def __init__(self) -> None:
        super().__init__()
        self.pushes: list[tuple[str, bytes, dict[str, str]]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/journals/"):
            wanted = ("authorization", "content-type", "content-encoding")
            headers = {name: request.headers[name] for name in wanted if name in request.headers}
            self.pushes.append((str(request.url), request.read(), headers))
        return super().handle_request(request)


def test_a_push_delivered_twice_is_told_that_it_exists(franchise: Franchise) -> None:
    """L2: the same seq with the same bytes is `exists`, also when much has happened since."""
    wang, network = member_of("S01"), Recording()
    till = franchise.till("S01-T1", transport=network)
    till.top_up(wang, 50_000)
    till.sync()
    url, body, headers = network.pushes[-1]
    till.redeem(wang, 1_000)
    till.sync()
    before = franchise.books.rows("SELECT * FROM postings ORDER BY event_id, line_no")
    answer = httpx.post(url, content=body, headers=headers, trust_env=False)
    assert answer.status_code == 200
    assert {outcome["status"] for outcome in answer.json()["outcomes"]} == {"exists"}
    assert franchise.books.rows("SELECT * FROM postings ORDER BY event_id, line_no") == before
    assert franchise.books.faults("S01-T1") == []
    assert franchise.books.till_status("S01-T1")[0] == "active"


def test_two_pushes_of_one_journal_at_once_are_taken_in_once(franchise: Franchise) -> None:
    """The same bytes from two places at once: no fork, nobody is stopped, every entry is there once."""
    people = [member_of("S01", place) for place in range(6)]
    till = franchise.till("S01-T1")
    till.unplug()
    for member in people:
        till.top_up(member, 10_000)
        till.redeem(member, 500)
    twin = till.cloned(franchise.folder / "twin", franchise.hq.url)
    start = threading.Barrier(2)

    def push(which: Till) -> None:
        start.wait(10)
        which.push()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(push, (till, twin)))
    twin.close()
    assert franchise.books.faults("S01-T1") == []
    assert {franchise.books.balances()[member] for member in people} == {14_500}
    assert franchise.books.till_status("S01-T1")[0] == "active"


def replica_rows(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("members", "purchases", "staff", "rulebooks", "stores", "blocks", "deferred")
        }


def test_a_page_of_the_feed_fetched_twice_changes_nothing(franchise: Franchise) -> None:
    """The till forgot how far it had followed: the same pages come again into the same replica."""
    wang = member_of("S01")
    till, other = franchise.till("S01-T1"), franchise.till("S02-T1")
    other.top_up(wang, 30_000)
    bought = other.redeem(wang, 700)
    other.sync()
    other.refund(bought.event_id, 1, 200)
    other.sync()
    till.sync()
    till.enrol("李雷", "13700001111")
    till.sync()
    till.close()
    replica = till.data_dir / "replica.db"
    once = replica_rows(replica)
    with closing(sqlite3.connect(replica)) as connection, connection:
        assert connection.execute("UPDATE cursors SET cursor = 0").rowcount == 2
    till.restart(franchise.hq.url)
    till.sync()
    till.begin_shift()
    assert till.member(wang).balance_minor == 34_500
    till.close()
    assert replica_rows(replica) == once


def test_a_replica_deleted_while_the_till_runs_comes_back_and_loses_nothing(franchise: Franchise) -> None:
    """L7: the replica is disposable; what was sold meanwhile is in the journal."""
    wang = member_of("S01")
    till = franchise.till("S01-T1")
    till.top_up(wang, 40_000)
    till.sync()
    till.unplug()
    till.redeem(wang, 2_000)
    for name in ("replica.db", "replica.db-wal", "replica.db-shm"):
        (till.data_dir / name).unlink(missing_ok=True)
    till.redeem(wang, 1_000)
    till.sync()
    assert (till.data_dir / "replica.db").exists()
    shown = till.member(wang)
    assert (shown.balance_minor, shown.pending, shown.as_of is not None) == (42_000, False, True)
    assert franchise.books.balances()[wang] == 42_000
    assert franchise.books.faults("S01-T1") == []
    with closing(sqlite3.connect(till.data_dir / "replica.db")) as connection:
        (members,) = connection.execute("SELECT count(*) FROM members").fetchone()
    assert members > 100, "the snapshot brought everybody of the store"
