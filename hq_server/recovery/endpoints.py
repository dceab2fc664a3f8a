"""POST /v1/recoveries/{terminal_id}: a till brings what a dead one of its store left; `/asks`: it asks for leave to.
POST /v1/branches/{terminal_id}: a till claims the branch that was adopted."""

from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.errors import ApiProblem
from hq_server.recovery.asking import ask_for_leave
from hq_server.recovery.branches import answer_branch
from hq_server.recovery.service import take_in_recovery
from hq_server.sessions.endpoints import admits_claimed, calling_till
from stored_value.identity import TerminalId
from sync.branches import BranchQuery
from sync.recovery import Recovery, RecoveryAsk

calls = Calls()


@calls.post("/v1/recoveries/{terminal_id}", admits=admits_claimed)
def post_recovery(call: Call) -> Response:
    till, dead = calling_till(call), TerminalId(call.part("terminal_id"))
    return answered(take_in_recovery(call.office, till, dead, call.decode(Recovery)))


@calls.post("/v1/recoveries/{terminal_id}/asks", admits=admits_claimed)
def post_ask(call: Call) -> Response:
    till, dead = calling_till(call), TerminalId(call.part("terminal_id"))
    return answered(ask_for_leave(call.office, till, dead, call.decode(RecoveryAsk)))


@calls.post("/v1/branches/{terminal_id}")
def post_branch(call: Call) -> Response:
    till = calling_till(call)
    if call.part("terminal_id") != till.terminal_id:
        raise ApiProblem("not_permitted", "a till claims its own journal only")
    return answered(answer_branch(call.office, till, call.decode(BranchQuery)))
