"""Who waits for news is told what happened: to a feed, whose head the board knows, or to himself, which he must look up."""

import asyncio
import contextlib

import pytest

from hq_server.feed.news import NewsBoard, TooManyWait, member_topic, till_topic
from tests.hq_server.served import ServedHq

LONG_S = 20.0


def test_a_new_head_is_told_by_the_board_itself() -> None:
    async def waits() -> tuple[bool, dict[str, int]]:
        board = NewsBoard()
        board.tell("e1", {"S01": 4, "S02": 9})
        with board.watching([till_topic("t1")], {"S01": 4}) as watch:
            board.tell("e1", {"S01": 5, "S02": 9})
            called = await watch.wait(LONG_S)
        return called, board.latest("e1", {"S01": 4}, "global", "S01")

    assert asyncio.run(waits()) == (False, {"S01": 5})


def test_what_happened_to_a_till_sends_it_to_the_database() -> None:
    async def waits() -> list[bool]:
        board = NewsBoard()
        with board.watching([till_topic("t1")], {"S01": 0}) as watch:
            board.tell("e1", {"S01": 1})
            board.call([till_topic("t1"), till_topic("t2")])
            both = await watch.wait(LONG_S)
            return [both, await watch.wait(0.0)]

    assert asyncio.run(waits()) == [True, False], "told once, also when a head came at the same time"


def test_a_new_epoch_sends_everybody_to_the_database() -> None:
    async def waits() -> bool:
        board = NewsBoard()
        board.tell("e1", {"S01": 7})
        with board.watching([till_topic("t1")], {"S01": 7}) as watch:
            board.tell("e2", {})
            return await watch.wait(LONG_S)

    assert asyncio.run(waits())


def test_heads_never_go_back_and_never_cross_into_another_epoch() -> None:
    board = NewsBoard()
    board.tell("e1", {"S01": 7, "global": 2})
    assert board.latest("e1", {"S01": 8}, "global", "S01") == {"global": 2, "S01": 8}
    assert board.latest("e2", {"S01": 1}, "global", "S01") == {"S01": 1}


def test_whoever_waits_is_woken_when_head_office_ends_and_nobody_begins_to_wait() -> None:
    async def waits() -> tuple[bool, bool]:
        board = NewsBoard()
        with board.watching([till_topic("t1")], {"S01": 7}) as watch:
            board.close()
            woken = await watch.wait(LONG_S)
        await board.wait("S01", 0, LONG_S)
        return woken, board.closed

    assert asyncio.run(waits()) == (True, True)


def test_no_more_wait_than_the_composition_allows() -> None:
    async def wait() -> None:
        board = NewsBoard(waiters_max=1)
        with board.watching([till_topic("t1")], {}), pytest.raises(TooManyWait), board.watching([till_topic("t2")], {}):
            pass
        with board.watching([till_topic("t2")], {}):
            assert board.waiting == 1

    asyncio.run(wait())


def test_tills_that_wait_for_news_leave_room_for_payments_that_wait_for_a_lease(hq: ServedHq) -> None:
    """Whoever is let in finds a place: the gate bounds both kinds of calls, and the board must not refuse what the gate let in."""
    config, board = hq.office.config, hq.office.news
    most = config.waiting_calls_max + config.calls_at_once_max

    async def wait() -> None:
        with contextlib.ExitStack() as waiting:
            for place in range(config.waiting_calls_max):
                waiting.enter_context(board.watching([till_topic(f"t{place}")], {}))
            for place in range(most - config.waiting_calls_max):
                waiting.enter_context(board.watching([member_topic(f"m{place}")], {}))

    asyncio.run(wait())
