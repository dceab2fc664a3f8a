"""The live channel of a real till at a real head office: what it tells the worker, and what the worker makes of a channel that is open or was lost."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from hq_server.feed.publishing import publish
from stored_value.events_reservation import LeaseAccepted
from stored_value.identity import MemberId
from stored_value.reservation_records import ReservationId
from stored_value.wallet import WalletStatus
from sync.client import HqClient
from sync.errors import HqBusy, HqUnreachable
from sync.live import LiveRequest, News
from sync.messages import GLOBAL_SCOPE, BlockRow, ChallengeRequest
from terminal.clock import SimulatedClock
from terminal.syncing.live import LiveChannel
from tests.hq_server.served import ServedHq
from tests.stored_value.miniature import occasion
from tests.terminal.syncing.till import SyncedTill, synced_till

pytestmark = pytest.mark.slow


NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.fixture
def till(hq: ServedHq, tmp_path: Path) -> Iterator[SyncedTill]:
    with synced_till(hq, tmp_path / "till") as enrolled:
        enrolled.sync()
        yield enrolled


class Told:
    """What the worker was told, and how often it was asked to look for itself."""

    def __init__(self, till: SyncedTill, seed: int = 0) -> None:
        self.news: list[News] = []
        self.lost = 0
        self.clock = SimulatedClock(NOON, seed)
        self.channel = LiveChannel(
            till.client,
            lambda: till.client.token,
            till.journal,
            till.replica,
            till.leasing,
            self.clock,
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


def block(hq: ServedHq, member_id: MemberId, *statuses: WalletStatus) -> None:
    with hq.database.write() as session:
        for version, status in enumerate(statuses, 100):
            row = BlockRow(member_id=member_id, status=status, version=version, updated_at=hq.clock.at)
            publish(session, GLOBAL_SCOPE, row, at=hq.clock.at)
    hq.office.sequencer.drain()


def test_who_may_not_pay_comes_with_the_answer_and_not_with_the_next_cycle(till: SyncedTill, hq: ServedHq) -> None:
    """A row of the global feed wakes every till at once: the thousandth would ask for its page long after a second."""
    member = till.enrol_member()
    till.sync()
    told = Told(till)
    told.channel.step(wait_s=0)
    block(hq, member, WalletStatus.FROZEN, WalletStatus.ACTIVE, WalletStatus.LOST)
    told.channel.step(wait_s=0)
    held = told.news[-1]
    assert [row.version for row in held.blocks] == [100, 101, 102]
    assert held.spread_s == 0, "one till is no crowd"
    confirmed = till.replica.member(member)
    assert confirmed is not None
    assert confirmed.wallet.status is WalletStatus.LOST
    till.cycle.heard(held)
    till.sync()
    assert till.replica.cursors()[GLOBAL_SCOPE] == held.heads[GLOBAL_SCOPE], "the page brings them once more"


@pytest.fixture
def answers(till: SyncedTill, monkeypatch: pytest.MonkeyPatch) -> list[News]:
    """What head office answers from now on, the last one again and again."""
    given: list[News] = []

    def live(known: LiveRequest) -> News:
        assert known.wait_s in {20, 0} or 0 < known.wait_s < 5, "it asks again for no longer than it rests"
        return given.pop(0) if len(given) > 1 else given[0]

    monkeypatch.setattr(till.client, "live", live)
    return given


def crowd_of(till: SyncedTill) -> News:
    heads = dict.fromkeys(till.replica.cursors(), 0) | {GLOBAL_SCOPE: 10_000}
    return News(epoch=till.replica.epoch() or "", heads=heads, grants=0, spread_s=5.0)


def test_a_crowd_looks_at_what_all_were_told_each_at_a_moment_of_its_own(till: SyncedTill, answers: list[News]) -> None:
    rests: list[float] = []
    answers[:] = [crowd_of(till)]
    for seed in range(20):
        told = Told(till, seed)
        told.channel.step()
        rests.append(told.channel._due_in_s())
        assert told.news == []
        assert told.channel.step(wait_s=5) > 0, "nothing is new, and it is not due"
        told.clock.wait(rests[-1] + 0.001)
        told.channel.step(wait_s=0)
        assert [news.heads[GLOBAL_SCOPE] for news in told.news] == [10_000]
        told.channel.step(wait_s=0)
        assert len(told.news) == 1
    assert all(0 <= each < 5 for each in rests)
    assert len({round(each) for each in rests}) >= 4, "not in step"


def test_a_disk_that_fails_under_a_crowds_news_does_not_end_the_channel(
    till: SyncedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, crowd = Told(till), crowd_of(till)

    def live(_known: LiveRequest) -> News:
        till.replica._file._reader.close()
        return crowd

    monkeypatch.setattr(till.client, "live", live)
    assert told.channel.step() == 0
    assert told.channel.is_open()
    till.replica.reopen()


@pytest.mark.parametrize("own", [{"grants": 9}, {"heads": {GLOBAL_SCOPE: 10_000, "S01": 10**6}}], ids=str)
def test_what_is_for_this_till_alone_does_not_wait_with_the_crowd(
    till: SyncedTill, answers: list[News], own: dict[str, Any]
) -> None:
    told, crowd = Told(till), crowd_of(till)
    answers[:] = [crowd, replace(crowd, **own)]
    told.channel.step()
    assert told.news == []
    told.channel.step(wait_s=0)
    assert len(told.news) == 1
    assert told.channel._due_in_s() > 5, "and the crowd's news came with it"


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


def test_a_recall_that_the_replica_does_not_let_be_heeded_does_not_end_the_channel(
    till: SyncedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails in between; the worker, which is told, looks what is the matter."""
    member = till.enrol_member()
    till.sync()
    lease = LeaseAccepted(
        occasion=occasion("taken"), member_id=member, lease_id=ReservationId("l1"), number=1, amount_minor=100
    )
    till.append(lease)
    told, live = Told(till), till.client.live

    def live_with_a_recall(known: LiveRequest) -> News:
        news = live(known)
        till.replica._file._reader.close()
        return replace(news, recalls=(lease.lease_id,))

    monkeypatch.setattr(till.client, "live", live_with_a_recall)
    told.channel.step(wait_s=0)
    assert [news.recalls for news in told.news] == [(lease.lease_id,)]
    assert told.channel.is_open()
    till.replica.reopen()
    monkeypatch.undo()
    told.channel.step(wait_s=0)
    assert told.channel.is_open()


@pytest.mark.parametrize("error", [HqUnreachable("it starts again"), HqBusy("full", 503, retry_after_s=2)])
def test_fifty_channels_that_were_lost_together_do_not_come_back_in_step(
    till: SyncedTill, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """All of them wait at head office when it ends; it must not fall over them when it starts."""

    def lost(_: LiveRequest) -> News:
        raise error

    monkeypatch.setattr(till.client, "live", lost)
    pauses = sorted(Told(till, seed).channel.step() for seed in range(50))
    assert (min(pauses) >= 2, len(set(pauses))) == (True, 50)
    assert pauses[-1] - pauses[0] >= pauses[0] * 0.4
    told = Told(till)
    again = [told.channel.step() for _ in range(8)]
    assert 5 <= again[-1] <= 10, "seldom while nobody answers, and soon enough when somebody does"


def test_the_lines_to_head_office_are_probed_so_that_a_pulled_cable_shows(
    till: SyncedTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the socket of a connection that the till's own client has made; a line that is cut says nothing by itself."""
    lines: list[socket.socket] = []
    with HqClient(till.url) as client:
        ask = client._lines.handle_request

        def heard(request: httpx.Request) -> httpx.Response:
            answer = ask(request)
            lines.append(answer.extensions["network_stream"].get_extra_info("socket"))
            return answer

        monkeypatch.setattr(client._lines, "handle_request", heard)
        client.challenge(ChallengeRequest(terminal_id=till.journal.head_office.identity.terminal_id))
        (line,) = lines
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        wanted = {socket.TCP_KEEPIDLE: 4, socket.TCP_KEEPINTVL: 1, socket.TCP_KEEPCNT: 3}
        assert {option: line.getsockopt(socket.IPPROTO_TCP, option) for option in wanted} == wanted
