"""POST /v1/live: what a till should know at once — new heads of its feeds, grants, leases asked back — told when there is some, or when the wait is over.

No thread is held while waiting; thousands of tills wait in one process.
"""

import asyncio
from datetime import datetime
from typing import Final

from msgspec.structs import replace
from sqlalchemy import bindparam, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.database.engine import Reading
from hq_server.database.models import ReservationRecord, ReservationState
from hq_server.database.prepared import Prepared
from hq_server.errors import ApiProblem
from hq_server.feed.news import TooManyWait, till_topic
from hq_server.feed.open_rows import Address, PageRows
from hq_server.feed.pages import is_kept_block, rows_of
from hq_server.feed.till_heads import till_heads
from hq_server.office import Office
from hq_server.sessions.endpoints import authenticated, claimed_till
from hq_server.sessions.tokens import TillToken
from stored_value.reservation_records import ReservationId, ReservationKind
from sync.feed import page_of
from sync.live import LIVE_WAIT_S_MAX, LiveRequest, News
from sync.messages import GLOBAL_SCOPE

calls = Calls()
BLOCKS_MAX: Final = 50
TILLS_A_SECOND: Final = 200
"""Of tills that were woken together, how many should come back in each second: a quarter of what a small machine answers beside its other work."""
SPREAD_S_MAX: Final = 15.0
_CROWD_S: Final = 0.5
_RECALLED: Final = Prepared(
    select(ReservationRecord.reservation_id)
    .where(
        ReservationRecord.store_id == bindparam("store_id"),
        ReservationRecord.terminal_id == bindparam("terminal_id"),
        ReservationRecord.state == ReservationState.OPEN,
        ReservationRecord.kind == ReservationKind.LEASE,
        ReservationRecord.recalled_at.is_not(None),
    )
    .order_by(ReservationRecord.reservation_id)
)


@calls.post("/v1/live")
async def post_live(call: Call) -> Response:
    office, authorization = call.office, call.authorization
    known = call.decode(LiveRequest)
    till = claimed_till(office, authorization)
    clock = asyncio.get_running_loop().time
    until = clock() + max(0.0, min(known.wait_s, LIVE_WAIT_S_MAX))
    try:
        with office.news.watching([till_topic(till.terminal_id)], known.cursors) as watch:
            news = await run_in_threadpool(_first_look, office, authorization)
            while not (_is_news(news, known) or office.news.closed) and (left := until - clock()) > 0:
                if await watch.wait(left):
                    news = await run_in_threadpool(_look, office, till)
                else:
                    news = replace(news, heads=office.news.latest(news.epoch, news.heads, GLOBAL_SCOPE, till.store_id))
    except TooManyWait as error:
        raise ApiProblem("busy", str(error), retry_after_s=5) from error
    if news.epoch == known.epoch and news.heads.get(GLOBAL_SCOPE, 0) > known.cursors.get(GLOBAL_SCOPE, 0):
        news = await _with_global_rows(office, news, known.cursors.get(GLOBAL_SCOPE, 0))
    return answered(news)


async def _with_global_rows(office: Office, news: News, after: int) -> News:
    """What moves the global feed wakes every till at once. The blocks go with the answer, so that none waits for the others' questions; and the feed is asked for at leisure.
    Who is a page behind, or has many to hear of, asks at once."""
    head = news.heads[GLOBAL_SCOPE]
    if page_of(after + 1) != page_of(head):
        return news
    found = office.open_rows.known(GLOBAL_SCOPE)
    if found is None or found[0].epoch != news.epoch or found[0].head < head:
        where = Address(GLOBAL_SCOPE, news.epoch, page_of(head), head)
        rows = await run_in_threadpool(_open_rows, office, where)
    elif found[0].page == page_of(head):
        rows = found[1]
    else:
        return news
    blocks = tuple(each.row for each in rows.entries if after < each.seq <= head and is_kept_block(each.row))
    if len(blocks) > BLOCKS_MAX:
        return news
    return replace(news, blocks=blocks, spread_s=_spread_s(office.presence.tills))


def _open_rows(office: Office, where: Address) -> PageRows:
    with office.database.look() as session:
        return rows_of(session, where, office.open_rows)


def _spread_s(tills: int) -> float:
    """Nothing for few: they are no crowd."""
    spread_s = tills / TILLS_A_SECOND
    return min(spread_s, SPREAD_S_MAX) if spread_s >= _CROWD_S else 0.0


def _is_news(news: News, known: LiveRequest) -> bool:
    return (
        news.epoch != known.epoch
        or any(head > known.cursors.get(feed, 0) for feed, head in news.heads.items())
        or news.grants > known.grants_after
        or bool(set(news.recalls) - set(known.returned))
    )


def _first_look(office: Office, authorization: str | None) -> News:
    """The till that the token names is still one of ours, and connected."""
    now = office.clock()
    with office.database.look() as session:
        till = authenticated(session, office, authorization)
        office.presence.came(till.store_id, till.terminal_id)
        return _news(session, till, now)


def _look(office: Office, till: TillToken) -> News:
    now = office.clock()
    with office.database.look() as session:
        return _news(session, till, now)


def _news(session: Reading, till: TillToken, now: datetime) -> News:
    held = till_heads(session, till, as_of=now)
    recalled = _RECALLED.rows(session, store_id=till.store_id, terminal_id=till.terminal_id)
    return News(
        epoch=held.epoch,
        heads=held.heads,
        grants=held.grants,
        as_of=held.as_of,
        recalls=tuple(ReservationId(each) for (each,) in recalled),
    )
