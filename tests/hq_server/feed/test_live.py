"""What head office tells a crowd that is woken at once: blocks with the answer, and when to come for the rest."""

import pytest

from hq_server.feed.live import BLOCKS_MAX, SPREAD_S_MAX, TILLS_A_SECOND, _spread_s
from hq_server.feed.publishing import publish
from stored_value.identity import MemberId
from sync.live import LiveRequest, News
from sync.messages import GLOBAL_SCOPE, PAGE_ROWS, BlockRow
from tests.hq_server.served import PushingTill, ServedHq


@pytest.mark.parametrize(
    ("tills", "spread_s"),
    [(0, 0.0), (7, 0.0), (TILLS_A_SECOND, 1.0), (5 * TILLS_A_SECOND, 5.0), (1_000 * TILLS_A_SECOND, SPREAD_S_MAX)],
)
def test_the_larger_the_crowd_the_longer_it_takes(tills: int, spread_s: float) -> None:
    assert _spread_s(tills) == spread_s


def test_blocks_behind_the_cursor_are_told_and_no_others(hq: ServedHq) -> None:
    till = hq.till()
    head = asked(till, 0).heads[GLOBAL_SCOPE]
    blocked(hq, 3)
    assert versions(asked(till, head)) == [1, 2, 3]
    assert versions(asked(till, head + 2)) == [3]
    assert versions(asked(till, head + 3)) == []
    blocked(hq, BLOCKS_MAX)
    assert versions(asked(till, head)) == [], "so many are read with the feed"
    assert versions(asked(till, head + 3)) == [*range(1, BLOCKS_MAX + 1)]


def test_who_is_a_page_behind_asks_for_it_at_once(hq: ServedHq) -> None:
    till = hq.till()
    head = asked(till, 0).heads[GLOBAL_SCOPE]
    blocked(hq, PAGE_ROWS - head + 1)
    behind = asked(till, PAGE_ROWS - 1)
    assert (behind.heads[GLOBAL_SCOPE], behind.blocks, behind.spread_s) == (PAGE_ROWS + 1, (), 0.0)
    assert len(asked(till, PAGE_ROWS).blocks) == 1


def blocked(hq: ServedHq, count: int) -> None:
    with hq.database.write() as session:
        for version in range(1, count + 1):
            row = BlockRow(member_id=MemberId(hq.new_id()), status="lost", version=version, updated_at=hq.clock.at)
            publish(session, GLOBAL_SCOPE, row, at=hq.clock.at)
    hq.office.sequencer.drain()


def asked(till: PushingTill, cursor: int) -> News:
    return till.client.live(LiveRequest(epoch=till.epoch, cursors={GLOBAL_SCOPE: cursor, till.store_id: 10**6}))


def versions(news: News) -> list[int]:
    return [row.version for row in news.blocks]
