"""POST /v1/holds: part of a balance for one payment that is being made now. GET /v1/grants: the leases offered to a till."""

import asyncio
import logging
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.database.engine import DatabaseBusy
from hq_server.errors import ApiProblem
from hq_server.feed.news import TooManyWait, member_topic, till_topic
from hq_server.office import Office
from hq_server.reservations.grants import grants_after
from hq_server.reservations.holds import Asked, Asking, HoldFaulty, ask, check_request
from hq_server.sessions.endpoints import authenticated, calling_till
from hq_server.sessions.tokens import TillToken
from hq_server.wallets.guarded import Stamp
from sync.messages import HoldReply, HoldRequest

logger = logging.getLogger(__name__)
calls = Calls()
WAIT_MS_MAX: Final = 5_000
_LOOK_AGAIN_S: Final = 0.15
"""A return that another process of head office took in calls nobody here."""
_ATTEMPTS: Final = 5


@calls.post("/v1/holds")
async def post_hold(call: Call) -> Response:
    """Async only to wait for leases to come back without holding a thread."""
    till = await run_in_threadpool(calling_till, call)
    wanted = call.decode(HoldRequest)
    try:
        check_request(wanted)
        reply = await _answer(call.office, till, wanted)
    except HoldFaulty as error:
        raise ApiProblem(error.code, str(error)) from error
    except TooManyWait as error:
        raise ApiProblem("busy", str(error), retry_after_s=1) from error
    return answered(reply)


@calls.get("/v1/grants")
def get_grants(call: Call) -> Response:
    after = call.number("after") or 0
    with call.office.database.look() as session:
        till = authenticated(session, call.office, call.authorization)
        return answered(grants_after(session, till, after))


async def _answer(office: Office, till: TillToken, wanted: HoldRequest) -> HoldReply:
    clock = asyncio.get_running_loop().time
    until = clock() + max(0, min(wanted.wait_ms, WAIT_MS_MAX)) / 1000
    with office.news.watching([member_topic(wanted.member_id)], {}) as watch:
        asked = await run_in_threadpool(_ask, office, till, wanted, last=not wanted.wait_ms)
        while asked.waiting:
            await watch.wait(max(0.0, min(until - clock(), _LOOK_AGAIN_S)))
            asked = await run_in_threadpool(_ask, office, till, wanted, last=clock() >= until)
    return asked.reply


def _ask(office: Office, till: TillToken, wanted: HoldRequest, *, last: bool) -> Asked:
    asked = _ask_with_retries(office, till, wanted, last=last)
    office.news.call(till_topic(terminal_id) for terminal_id in asked.called)
    office.sequencer.wake()
    return asked


def _ask_with_retries(office: Office, till: TillToken, wanted: HoldRequest, *, last: bool) -> Asked:
    """Two units of work may wait for each other; done again, one finds what the other left."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _ask_once(office, till, wanted, last=last)
        except DatabaseBusy as error:
            logger.info("asked again after a conflict: %s", error)
    return _ask_once(office, till, wanted, last=last)


def _ask_once(office: Office, till: TillToken, wanted: HoldRequest, *, last: bool) -> Asked:
    now = office.clock()
    with office.database.write() as session:
        asking = Asking(
            till=till,
            wanted=wanted,
            stamp=Stamp(now, office.keys.random),
            rulebooks=office.rulebooks.all(session),
            connected=office.presence.is_connected,
            keys=office.keys,
            last=last,
        )
        return ask(session, asking)
