"""POST /v1/remembered: what a till knows of before head office came back from a backup."""

from typing import Final

from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.errors import ApiProblem
from hq_server.remembered.rulebooks import bring_back, lacking
from hq_server.remembered.standings import forbid_again
from hq_server.sessions.endpoints import calling_till
from sync.remembered import REMEMBERED_MAX, Remembered, RememberedReply

calls = Calls()
_TOO_MANY: Final = f"at most {REMEMBERED_MAX} of each at once"


@calls.post("/v1/remembered")
def post_remembered(call: Call) -> Response:
    till, told = calling_till(call), call.decode(Remembered)
    if max(len(told.standings), len(told.held), len(told.rulebooks)) > REMEMBERED_MAX:
        raise ApiProblem("request_invalid", _TOO_MANY)
    office = call.office
    for row in told.rulebooks:
        bring_back(office, till, row)
    if told.standings:
        forbid_again(office, till, told.standings)
    with office.database.look() as session:
        return answered(RememberedReply(wanted=lacking(session, told.held)))
