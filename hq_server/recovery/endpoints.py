"""POST /v1/recoveries/{terminal_id}: a till brings what a dead one of its store left; `/asks`: it asks for leave to.
POST /v1/branches/{terminal_id}: a till claims the branch that was adopted."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from hq_server.answers import answered
from hq_server.errors import ApiProblem
from hq_server.office import Office, office_of
from hq_server.recovery.asking import ask_for_leave
from hq_server.recovery.branches import answer_branch
from hq_server.recovery.service import take_in_recovery
from hq_server.request_bodies import RequestBody
from hq_server.sessions.endpoints import CallingTill
from stored_value.identity import TerminalId
from sync.branches import BranchQuery
from sync.recovery import Recovery, RecoveryAsk

router = APIRouter()


@router.post("/v1/recoveries/{terminal_id}")
def post_recovery(
    terminal_id: str, body: RequestBody, till: CallingTill, office: Annotated[Office, Depends(office_of)]
) -> Response:
    return answered(take_in_recovery(office, till, TerminalId(terminal_id), body.decode(Recovery)))


@router.post("/v1/recoveries/{terminal_id}/asks")
def post_ask(
    terminal_id: str, body: RequestBody, till: CallingTill, office: Annotated[Office, Depends(office_of)]
) -> Response:
    return answered(ask_for_leave(office, till, TerminalId(terminal_id), body.decode(RecoveryAsk)))


@router.post("/v1/branches/{terminal_id}")
def post_branch(
    terminal_id: str, body: RequestBody, till: CallingTill, office: Annotated[Office, Depends(office_of)]
) -> Response:
    if terminal_id != till.terminal_id:
        raise ApiProblem("not_permitted", "a till claims its own journal only")
    return answered(answer_branch(office, till, body.decode(BranchQuery)))
