"""Load and bad weather between tills and head office: a batch that is too large goes in parts, an overloaded head office is left in peace and nothing is lost."""

import httpx
import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from terminal.syncing import SyncWorker
from tests.scenarios.franchise import Franchise, member_of

pytestmark = pytest.mark.slow


class NarrowDoor(httpx.BaseTransport):
    """A proxy that lets only so many bytes of a push through, and says no in its own words."""

    def __init__(self, bytes_max: int) -> None:
        self._wire = httpx.HTTPTransport(verify=False)
        self.bytes_max = bytes_max
        self.refused = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "/v1/journals/" in request.url.path and len(request.read()) > self.bytes_max:
            self.refused += 1
            return httpx.Response(413, text="<html>too large</html>", request=request)
        return self._wire.handle_request(request)

    def close(self) -> None:
        self._wire.close()


class FullHouse(httpx.BaseTransport):
    """Head office has no room, so many times."""

    def __init__(self, times: int) -> None:
        self._wire = httpx.HTTPTransport(verify=False)
        self.left = times

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.left:
            self.left -= 1
            return httpx.Response(503, headers={"Retry-After": "9"}, json={"code": "overloaded", "message": "full"})
        return self._wire.handle_request(request)

    def close(self) -> None:
        self._wire.close()


def test_a_batch_that_is_too_large_goes_in_parts(franchise: Franchise) -> None:
    till, wang = franchise.till("S01-T1"), member_of("S01")
    for _ in range(24):
        till.top_up(wang, 1_000)
    door = NarrowDoor(2_500)
    till.restart(franchise.hq.url, door)
    till.sync()
    assert door.refused > 0, "the door was too narrow for all at once"
    assert till.journal.outcomes.settled_through() == till.journal.head().seq
    assert till.journal.outcomes.open_push() is None
    assert franchise.books.balances()[wang] == 24_000


def test_an_entry_that_is_too_large_alone_is_said_and_kept(franchise: Franchise) -> None:
    till, wang = franchise.till("S01-T1"), member_of("S01")
    till.sync()
    till.top_up(wang, 1_000)
    till.restart(franchise.hq.url, NarrowDoor(700))
    worker = SyncWorker(till.cycle.run_once, till.clock)
    for _ in range(2):
        worker.step()
        assert worker.status().code == "entry_too_large"
    assert f"entry {till.journal.head().seq}," in worker.status().last_error, "which one"
    with franchise.hq.database.read() as session:
        (told,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.terminal_id == till.name)).all()
    assert (told.code, told.kind) == ("entry_too_large", "till")
    till.restart(franchise.hq.url)
    till.sync()
    assert franchise.books.balances()[wang] == 1_000


def test_an_overloaded_head_office_is_left_in_peace_for_as_long_as_it_asks(franchise: Franchise) -> None:
    till, wang = franchise.till("S01-T1"), member_of("S01")
    till.top_up(wang, 1_000)
    till.restart(franchise.hq.url, FullHouse(3))
    worker = SyncWorker(till.cycle.run_once, till.clock)
    pauses = [worker.step() for _ in range(3)]
    assert worker.status().code == "busy"
    assert all(pause >= 9 for pause in pauses)
    worker.step()
    assert worker.status().online
    assert franchise.books.balances()[wang] == 1_000
