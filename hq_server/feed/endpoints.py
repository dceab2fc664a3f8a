"""GET /v1/feed/{scope}/{epoch}/{page}: sealed pages for anyone and any cache, since they are encrypted and never change; the open one for the scope's tills."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from hq_server.errors import ApiProblem
from hq_server.feed.pages import Page, PageUnknown, feed_head, is_full, open_page, seal, stored_page
from hq_server.keys.generations import current_key
from hq_server.office import Office, office_of
from hq_server.sessions.endpoints import calling_till, refuse_foreign_scope
from sync.client import SEALED_PAGE_TYPE
from sync.messages import PROTOCOL_HEADER, PROTOCOL_VERSION, SCOPE_KEY_HEADER

router = APIRouter()
WAIT_S_MAX: Final = 25.0
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_OPEN_PAGE_TYPE: Final = "application/vnd.tongchu.open-page"


@router.get("/v1/feed/{scope}/{epoch}/{page}")
async def get_page(
    request: Request,
    scope: str,
    epoch: str,
    page: int,
    office: Annotated[Office, Depends(office_of)],
    authorization: Annotated[str | None, Header()] = None,
    wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX)] = 0.0,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """`wait_s` holds the answer until the feed has more than `after` (default: than now). Async only to wait without holding a thread."""
    sealed = await run_in_threadpool(_sealed, office, scope, epoch, page)
    if sealed is not None:
        return _answered_sealed(sealed, request.headers.get("if-none-match"))
    head = await run_in_threadpool(_authorised_head, office, authorization, scope, epoch)
    if wait_s:
        await office.news.wait(scope, head if after is None else after, wait_s)
        sealed = await run_in_threadpool(_sealed, office, scope, epoch, page)
        if sealed is not None:
            return _answered_sealed(sealed, None)
    return await run_in_threadpool(_open, office, scope, epoch, page)


def _sealed(office: Office, scope: str, epoch: str, page: int) -> Page | None:
    """None while the page is not full."""
    try:
        with office.database.read() as session:
            kept = stored_page(session, scope, epoch, page)
            if kept is not None:
                return kept
            if not is_full(session, scope, epoch, page):
                return None
            key = current_key(session, office.keys, scope)
    except PageUnknown as error:
        raise ApiProblem("epoch_over" if error.epoch_over else "page_unknown", str(error)) from error
    return seal(office.database, scope, epoch, page, key, random=office.keys.random)


def _authorised_head(office: Office, authorization: str | None, scope: str, epoch: str) -> int:
    refuse_foreign_scope(calling_till(office, authorization), scope)
    with office.database.read() as session:
        return feed_head(session, scope, epoch)


def _open(office: Office, scope: str, epoch: str, page: int) -> Response:
    with office.database.read() as session:
        opened = open_page(session, scope, epoch, page, at=office.clock())
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": "no-store"}
    return Response(opened.body, headers=headers, media_type=_OPEN_PAGE_TYPE)


def _answered_sealed(page: Page, known: str | None) -> Response:
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": _FOR_EVER, "ETag": page.etag}
    headers |= {SCOPE_KEY_HEADER: page.key_id}
    if known == page.etag:
        return Response(status_code=304, headers=headers)
    return Response(page.body, headers=headers, media_type=SEALED_PAGE_TYPE)
