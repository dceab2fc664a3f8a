"""The sanity check at the end of a cycle: an answer that does not agree with the journal reaches people on both sides, and the till goes on."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.feed.publishing import publish
from sync.messages import GLOBAL_SCOPE, PushReply
from terminal.config import TillConfig
from terminal.language import Language
from terminal.station import Station, World
from terminal.syncing import SyncWorker
from terminal.troubles import Trouble
from tests.hq_server.served import ServedHq
from tests.terminal.miniature import rulebook_row
from tests.terminal.syncing.till import SyncedTill

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Liar(httpx.BaseTransport):
    """Head office's answers to pushes, with something changed on the way."""

    changes: Callable[[PushReply], PushReply]
    wire: httpx.BaseTransport = field(default_factory=lambda: httpx.HTTPTransport(verify=False))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.wire.handle_request(request)
        if "/v1/journals/" not in request.url.path:
            return response
        told = self.changes(msgspec.json.decode(response.read(), type=PushReply))
        return httpx.Response(response.status_code, content=msgspec.json.encode(told))

    def close(self) -> None:
        self.wire.close()


def with_another_hash(reply: PushReply) -> PushReply:
    return replace(reply, head_hash="f" * 64)


def without_the_last_outcome(reply: PushReply) -> PushReply:
    return replace(reply, outcomes=reply.outcomes[:-1])


@pytest.mark.parametrize("lie", [with_another_hash, without_the_last_outcome])
def test_an_answer_that_does_not_agree_with_the_journal_is_said_here_and_to_head_office(
    lie: Callable[[PushReply], PushReply], till: SyncedTill, hq: ServedHq
) -> None:
    till.top_up(till.enrol_member(), 9_900)
    till.connect(Liar(lie))
    worker = SyncWorker(till.cycle.run_once, till.clock)
    worker.step()
    assert (worker.status().online, worker.status().code) == (False, "differs")
    with hq.database.read() as session:
        assert session.scalars(select(ExceptionRecord)).all() == []
    worker.step()
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.kind == "till"))
    assert (raised.code, raised.terminal_id) == ("journal_differs", "S01-T1")


@contextlib.contextmanager
def station_of(till: SyncedTill, transport: httpx.BaseTransport | None = None) -> Iterator[Station]:
    """The whole of a running till on the same folder, without threads."""
    till.stop()
    config = TillConfig(data_dir=till.place.path)
    world = World(transport=transport, machine=lambda: "")
    station = Station(
        config, till.clock, on_scanned=ignore, on_scan_rejected=ignore, language=lambda: Language.EN, world=world
    )
    try:
        yield station
    finally:
        station.close()
        till.start()


def ignore(_: object) -> None:
    """Nobody scans here."""


def test_what_a_cycle_found_is_in_the_tills_status(till: SyncedTill) -> None:
    till.top_up(till.enrol_member(), 9_900)
    with station_of(till, Liar(with_another_hash)) as station:
        station.sync_once()
        status = station.counter.status()
        assert (status.online, status.trouble) == (False, Trouble.DIFFERS)
    with station_of(till) as station:
        station.sync_once()
        status = station.counter.status()
        assert (status.online, status.trouble) == (True, None)


def test_rules_that_nobody_signed_are_in_the_tills_status_while_it_is_online(till: SyncedTill, hq: ServedHq) -> None:
    with hq.database.write() as session:
        publish(session, GLOBAL_SCOPE, rulebook_row(), at=hq.clock.at)
    with station_of(till) as station:
        station.sync_once()
        status = station.counter.status()
        assert (status.online, status.trouble) == (True, Trouble.NOT_TRUSTED)
