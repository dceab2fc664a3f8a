"""POST /v1/journals/{terminal_id}: a till pushes what it journalled."""

from msgspec.structs import replace
from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.errors import ApiProblem
from hq_server.feed.till_heads import till_heads
from hq_server.ingest.keeping import step
from hq_server.ingest.service import take_in
from hq_server.office import Office
from hq_server.sessions.endpoints import admits_claimed, calling_till
from hq_server.sessions.tokens import TillToken
from sync.messages import Heads, Push

calls = Calls()


@calls.post("/v1/journals/{terminal_id}", admits=admits_claimed)
def post_journal(call: Call) -> Response:
    till = calling_till(call)
    if call.part("terminal_id") != till.terminal_id:
        raise ApiProblem("not_permitted", "a till pushes its own journal only")
    with call.office.turns.taken(till.terminal_id):
        reply = take_in(call.office, till, call.decode(Push), protocol=call.protocol)
    step("replied")
    return answered(replace(reply, heads=_heads(call.office, till)))


def _heads(office: Office, till: TillToken) -> Heads:
    """After the push was taken in and its events were put into the feeds: the till need not ask for what has not moved."""
    now = office.clock()
    with office.database.look() as session:
        return till_heads(session, till, as_of=now)
