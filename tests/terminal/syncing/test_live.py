"""The live channel of a real till at a real head office: what it tells the worker, and what the worker makes of a channel that is open or was lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.live import News
from terminal.syncing.live import LiveChannel
from tests.hq_server.served import ServedHq
from tests.terminal.syncing.till import SyncedTill, synced_till

pytestmark = pytest.mark.slow


@pytest.fixture
def till(hq: ServedHq, tmp_path: Path) -> Iterator[SyncedTill]:
    with synced_till(hq, tmp_path / "till") as enrolled:
        enrolled.sync()
        yield enrolled


class Told:
    """What the worker was told, and how often it was asked to look for itself."""

    def __init__(self, till: SyncedTill) -> None:
        self.news: list[News] = []
        self.lost = 0
        self.channel = LiveChannel(
            till.client,
            lambda: till.client.token,
            till.journal,
            till.replica,
            till.leasing,
            on_news=self.news.append,
            on_lost=self._lose,
        )

    def _lose(self) -> None:
        self.lost += 1


def test_news_names_what_moved_so_that_the_cycle_asks_for_nothing_else(
    till: SyncedTill, hq: ServedHq, tmp_path: Path
) -> None:
    told = Told(till)
    told.channel.step(wait_s=0)
    assert told.channel.is_open()
    with synced_till(hq, tmp_path / "neighbour", seed=9) as neighbour:
        member = neighbour.enrol_member()
        neighbour.sync()
    told.channel.step(wait_s=0)
    till.cycle.heard(told.news[-1])
    before = len(till.cable.paths)
    till.sync()
    assert ["/feed/S01/" in path for path in till.cable.paths[before:]] == [True]
    assert till.replica.member(member) is not None


def test_an_answer_that_brings_nothing_new_tells_nobody_whatever_its_time(till: SyncedTill, hq: ServedHq) -> None:
    told = Told(till)
    pauses = [told.channel.step(wait_s=0) for _ in range(3)]
    assert len(told.news) <= 1
    assert pauses[-1] > 0, "a head office that does not wait is not run over"


def test_a_channel_that_falls_lets_the_worker_look_at_once_and_once_only(till: SyncedTill) -> None:
    told = Told(till)
    till.cable.cut = True
    told.channel.step(wait_s=0)
    assert (told.channel.is_open(), told.lost) == (False, 0), "it was not open yet: nobody relied on it"
    till.cable.cut = False
    told.channel.step(wait_s=0)
    till.cable.cut = True
    for _ in range(3):
        told.channel.step(wait_s=0)
    assert (told.channel.is_open(), told.lost) == (False, 1)
