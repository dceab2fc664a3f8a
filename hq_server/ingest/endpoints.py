"""POST /v1/journals/{terminal_id}: a till pushes what it journalled."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from msgspec.structs import replace

from hq_server.answers import answered
from hq_server.errors import ApiProblem
from hq_server.feed.till_heads import till_heads
from hq_server.ingest.keeping import step
from hq_server.ingest.service import take_in
from hq_server.office import Office, office_of
from hq_server.request_bodies import RequestBody
from hq_server.sessions.endpoints import CallingTill
from hq_server.sessions.tokens import TillToken
from sync.messages import Heads, Push

router = APIRouter()


@router.post("/v1/journals/{terminal_id}")
def post_journal(
    terminal_id: str, body: RequestBody, till: CallingTill, office: Annotated[Office, Depends(office_of)]
) -> Response:
    if terminal_id != till.terminal_id:
        raise ApiProblem("not_permitted", "a till pushes its own journal only")
    reply = take_in(office, till, body.decode(Push))
    step("replied")
    return answered(replace(reply, heads=_heads(office, till)))


def _heads(office: Office, till: TillToken) -> Heads:
    """After the push was taken in and its events were put into the feeds: the till need not ask for what has not moved."""
    now = office.clock()
    with office.database.read() as session:
        return till_heads(session, till, as_of=now)
