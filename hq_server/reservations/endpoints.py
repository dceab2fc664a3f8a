"""POST /v1/holds: part of a balance for one payment that is being made now."""

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from hq_server.answers import answered
from hq_server.database.engine import DatabaseBusy
from hq_server.errors import ApiProblem
from hq_server.office import Office, office_of
from hq_server.request_bodies import RequestBody
from hq_server.reservations.holds import HoldFaulty, ask, check_request
from hq_server.sessions.endpoints import CallingTill
from hq_server.sessions.tokens import TillToken
from hq_server.wallets.guarded import Stamp
from sync.messages import HoldReply, HoldRequest

logger = logging.getLogger(__name__)
router = APIRouter()
_ATTEMPTS: Final = 5


@router.post("/v1/holds")
def post_hold(body: RequestBody, till: CallingTill, office: Annotated[Office, Depends(office_of)]) -> Response:
    wanted = body.decode(HoldRequest)
    try:
        check_request(wanted)
        reply = _ask(office, till, wanted)
    except HoldFaulty as error:
        raise ApiProblem(error.code, str(error)) from error
    office.sequencer.wake()
    return answered(reply)


def _ask(office: Office, till: TillToken, wanted: HoldRequest) -> HoldReply:
    """Two units of work may wait for each other; done again, one finds what the other left."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _ask_once(office, till, wanted)
        except DatabaseBusy as error:
            logger.info("asked again after a conflict: %s", error)
    return _ask_once(office, till, wanted)


def _ask_once(office: Office, till: TillToken, wanted: HoldRequest) -> HoldReply:
    with office.database.write() as session:
        return ask(session, till, wanted, Stamp(office.clock(), office.keys.random))
