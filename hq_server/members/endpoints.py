"""POST /v1/members/find: a member from outside the till's scope, who belongs to it afterwards."""

from typing import Final

from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.errors import ApiProblem
from hq_server.members.service import NothingAsked, answer, enter_found, newcomers, wanted_ids
from hq_server.office import Office
from hq_server.sessions.endpoints import calling_till
from hq_server.wallets.scope import WalletChanged
from stored_value.identity import MemberId, StoreId
from sync.messages import FindMember

calls = Calls()
_ATTEMPTS: Final = 5


@calls.post("/v1/members/find")
def find_members(call: Call) -> Response:
    office, till, wanted = call.office, calling_till(call), call.decode(FindMember)
    try:
        with office.database.look() as session:
            member_ids = wanted_ids(session, office.keys, wanted)
            entering = newcomers(session, member_ids, till.store_id)
            if not entering:
                return answered(answer(session, member_ids, now=office.clock()))
    except NothingAsked as error:
        raise ApiProblem("request_invalid", str(error)) from error
    _enter(office, entering, till.store_id)
    with office.database.look() as session:
        found = answer(session, member_ids, now=office.clock())
    return answered(found)


def _enter(office: Office, member_ids: list[MemberId], store_id: StoreId) -> None:
    """A payment elsewhere may change the wallet in between; its writer is quick."""
    for attempt in range(_ATTEMPTS):
        try:
            with office.database.write() as session:
                enter_found(session, office.keys, member_ids, store_id, now=office.clock())
        except WalletChanged as error:
            if attempt == _ATTEMPTS - 1:
                raise ApiProblem("busy", "the member's wallet is changing; ask again", retry_after_s=1) from error
        else:
            return
