"""The sanity check at the end of a cycle: an answer that does not agree with the journal reaches people on both sides, and the till goes on."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from sync.messages import PushReply
from terminal.syncing import SyncWorker
from tests.hq_server.served import ServedHq
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
