"""Who waits for news is told what happened: to a feed, whose head the board knows, or to himself, which he must look up."""

import asyncio

from hq_server.feed.news import NewsBoard, till_topic

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
