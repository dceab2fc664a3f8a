"""POST /v1/journals/{terminal_id}: a till pushes what it journalled."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from hq_server.answers import answered
from hq_server.errors import ApiProblem
from hq_server.ingest.keeping import step
from hq_server.ingest.service import take_in
from hq_server.office import Office, office_of
from hq_server.request_bodies import RequestBody
from hq_server.sessions.endpoints import CallingTill
from sync.messages import Push

router = APIRouter()


@router.post("/v1/journals/{terminal_id}")
def post_journal(
    terminal_id: str, body: RequestBody, till: CallingTill, office: Annotated[Office, Depends(office_of)]
) -> Response:
    if terminal_id != till.terminal_id:
        raise ApiProblem("not_permitted", "a till pushes its own journal only")
    reply = take_in(office, till, body.decode(Push))
    step("replied")
    return answered(reply)
