"""The feed: gapless, in commit order, pages the same for ever."""

import threading
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from hq_server.database.engine import Database
from hq_server.feed.outbox import Change, leave
from hq_server.feed.publishing import publish
from hq_server.feed.sequencer import sequence_step
from stored_value.identity import EventId, StoreId
from sync.client import SEALED_PAGE_TYPE, scope_key_bytes
from sync.messages import GLOBAL_SCOPE, PAGE_ROWS, FeedEntry, MemberRow, StoreRow
from tests.hq_server.furnished import served_hq
from tests.hq_server.served import PushingTill, ServedHq
from tests.waiting import until


def renamed(hq: ServedHq, times: int) -> None:
    """As many rows in the global feed."""
    rows = [StoreRow(store_id=StoreId("S01"), name=f"名 {place}", zone="UTC") for place in range(times)]
    with hq.database.write() as session:
        publish(session, GLOBAL_SCOPE, *rows, at=hq.clock.at)


def seqs(entries: list[FeedEntry]) -> list[int]:
    return [each.seq for each in entries]


def page(till: PushingTill, number: int, scope: str = GLOBAL_SCOPE, **headers: str) -> httpx.Response:
    token = {"Authorization": f"Bearer {till.client.token}"}
    address = f"{till.hq.url}/v1/feed/{scope}/{till.epoch}/{number}"
    return httpx.get(address, headers=token | headers, trust_env=False)


def test_seqs_have_no_gap_over_many_pages(hq: ServedHq) -> None:
    till = hq.till()
    renamed(hq, 2 * PAGE_ROWS + 7)
    feed = till.feed(GLOBAL_SCOPE)
    assert seqs(feed) == list(range(1, len(feed) + 1))
    assert len(feed) > 2 * PAGE_ROWS


def test_a_sealed_page_fetched_twice_is_the_same_and_needs_no_token(hq: ServedHq) -> None:
    till = hq.till()
    renamed(hq, PAGE_ROWS)
    first = page(till, 0)
    renamed(hq, PAGE_ROWS)
    second = httpx.get(f"{hq.url}/v1/feed/{GLOBAL_SCOPE}/{till.epoch}/0", trust_env=False)
    assert first.headers["content-type"] == SEALED_PAGE_TYPE
    assert sha256(first.content).digest() == sha256(second.content).digest()
    assert "immutable" in second.headers["cache-control"]
    etag = first.headers["etag"]
    for held in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        answer = page(till, 0, **{"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag), held
    assert page(till, 0, **{"If-None-Match": '"another"'}).status_code == 200
    assert "名".encode() not in first.content


def test_the_open_page_is_for_the_scopes_own_tills(hq: ServedHq) -> None:
    till, other = hq.till("S01"), hq.till("S02")
    assert page(till, 0, "S01").status_code == 200
    assert page(other, 0, "S01").status_code == 403
    assert httpx.get(f"{hq.url}/v1/feed/S01/{till.epoch}/0", trust_env=False).json()["code"] == "token_missing"
    assert page(till, 5).json()["code"] == "page_unknown"
    assert page(till, 0, "S01", Authorization="Bearer nonsense").json()["code"] == "token_invalid"


def test_a_page_of_an_epoch_that_is_over_says_so(hq: ServedHq) -> None:
    till = hq.till()
    till.epoch = hq.new_id()
    assert (page(till, 0).status_code, page(till, 0).json()["code"]) == (410, "epoch_over")


def test_a_member_enters_the_scope_of_the_store_that_served_it_with_its_full_row(hq: ServedHq) -> None:
    home, visited = hq.till("S01"), hq.till("S02")
    member = home.enrol_member()
    home.top_up(member, 10_000)
    bought = home.redeem(member, 1_000)
    home.push()
    assert visited.feed() == []
    visited.redeem(member, 500)
    visited.push()
    rows = [each.row for each in visited.feed()]
    assert [(row.member_id, row.version) for row in rows if isinstance(row, MemberRow)] == [(member, 4)]
    assert bought.occasion.event_id in {getattr(row, "purchase_id", None) for row in rows}
    assert [row.version for row in (each.row for each in home.feed()) if isinstance(row, MemberRow)] == [3, 4]


def test_rows_of_a_scope_name_the_global_cursor_that_they_need(hq: ServedHq) -> None:
    till = hq.till()
    till.enrol_member()
    till.push()
    key = scope_key_bytes(till.client.scope_key("S01"))
    hq.sequenced()
    before = till.client.feed_page("S01", till.epoch, 0, lambda _: key).needs_global
    renamed(hq, 3)
    till.enrol_member(phone="+8613900000009")
    till.push()
    hq.sequenced()
    assert till.client.feed_page("S01", till.epoch, 0, lambda _: key).needs_global == before + 3


def test_long_poll_ends_when_there_is_news_and_not_before(hq: ServedHq) -> None:
    till = hq.till()
    head = len(till.feed(GLOBAL_SCOPE))
    answers: list[httpx.Response] = []
    address = f"{hq.url}/v1/feed/{GLOBAL_SCOPE}/{till.epoch}/0?wait_s=20&after={head}"
    token = {"Authorization": f"Bearer {till.client.token}"}
    waiting = threading.Thread(
        target=lambda: answers.append(httpx.get(address, headers=token, timeout=30, trust_env=False))
    )
    began = time.monotonic()
    waiting.start()
    until(lambda: hq.office.news.waiting == 1, what="the reader to wait")
    assert not answers
    renamed(hq, 1)
    waiting.join(timeout=15)
    assert answers[0].status_code == 200
    assert time.monotonic() - began < 15


def test_long_poll_without_news_ends_by_itself(hq: ServedHq) -> None:
    till = hq.till()
    token = {"Authorization": f"Bearer {till.client.token}"}
    address = f"{hq.url}/v1/feed/{GLOBAL_SCOPE}/{till.epoch}/0"
    assert httpx.get(address, params={"wait_s": "0.2"}, headers=token, trust_env=False).status_code == 200
    refused = httpx.get(address, params={"wait_s": "99"}, headers=token, trust_env=False)
    assert (refused.status_code, refused.json()["code"]) == (400, "request_invalid")


# --- a commit that comes late


def _insert_plain(connection: Connection) -> int:
    """The way of a plain sequence: the number is given when the row is made, not when it becomes visible."""
    number = connection.execute(text("INSERT INTO plain_changes DEFAULT VALUES RETURNING id")).scalar_one()
    assert isinstance(number, int)
    return number


@pytest.mark.slow
def test_a_plain_sequence_would_lose_what_commits_late(postgres_database: str) -> None:
    database = Database(postgres_database)
    with database.engine.begin() as setup:
        setup.execute(text("CREATE TABLE plain_changes (id bigserial PRIMARY KEY)"))
    with database.engine.connect() as late, database.engine.connect() as early, database.engine.connect() as reader:
        late_number = _insert_plain(late)
        early_number = _insert_plain(early)
        early.commit()
        cursor = reader.execute(text("SELECT max(id) FROM plain_changes")).scalar_one()
        late.commit()
        reader.rollback()
        news = reader.execute(text("SELECT id FROM plain_changes WHERE id > :c"), {"c": cursor}).scalars().all()
    database.close()
    assert (cursor, late_number) == (early_number, early_number - 1)
    assert news == []


@pytest.mark.slow
def test_a_late_commit_is_never_skipped_by_the_feed(postgres_database: str, tmp_path: Path) -> None:
    with served_hq(postgres_database, tmp_path) as hq:
        till = hq.till()
        members = [till.enrol_member(phone=f"+8613900000{place:03d}") for place in range(2)]
        till.push()
        cursor = len(till.feed())
        at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        with hq.database.write() as late:
            leave(late, members[0], EventId(hq.new_id()), Change())
            late.flush()
            with hq.database.write() as early:
                leave(early, members[1], EventId(hq.new_id()), Change())
            hq.office.sequencer.drain()
            with hq.database.write() as session:
                sequence_step(session, at=at)
            passed = [each for each in till.feed() if each.seq > cursor]
            cursor = passed[-1].seq
        hq.office.sequencer.drain()
        until(lambda: len(till.feed()) > cursor, what="the late change")
        news = [each for each in till.feed() if each.seq > cursor]
    assert [getattr(each.row, "member_id", "") for each in passed] == [members[1]]
    assert [getattr(each.row, "member_id", "") for each in news] == [members[0]]


def test_many_sequencers_at_once_leave_no_gap_and_no_double(hq: ServedHq) -> None:
    till = hq.till()
    for place in range(40):
        till.enrol_member(phone=f"+861390000{place:04d}")
    till.push()
    hq.sequenced()
    with hq.database.write() as session:
        for entry in till.entries:
            leave(session, entry.header.members[0], EventId(hq.new_id()), Change())

    def drain() -> None:
        while True:
            with hq.database.write() as session:
                if sequence_step(session, at=hq.clock.at, rows_max=3) == 0:
                    return

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feed = till.feed()
    assert seqs(feed) == list(range(1, len(feed) + 1))
    assert len(feed) == 80
