"""GET /v1/feed/{scope}/{epoch}/{page}: sealed pages for anyone and any cache, since they are encrypted and never change; the open one for the scope's tills."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hq_server.calls import Call, Calls
from hq_server.database.engine import Reading
from hq_server.errors import ApiProblem
from hq_server.etags import is_held
from hq_server.feed.open_rows import Address
from hq_server.feed.pages import Page, PageUnknown, head_at, is_full, open_page, seal, stored_page
from hq_server.keys.generations import current_key
from hq_server.office import Office
from hq_server.sessions.endpoints import authenticated, refuse_foreign_scope
from sync.client import SEALED_PAGE_TYPE
from sync.messages import PROTOCOL_HEADER, PROTOCOL_VERSION, SCOPE_KEY_HEADER

calls = Calls()
WAIT_S_MAX: Final = 25.0
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_OPEN_PAGE_TYPE: Final = "application/vnd.tongchu.open-page"


@calls.get("/v1/feed/{scope}/{epoch}/{page}")
async def get_page(call: Call) -> Response:
    """`wait_s` holds the answer until the feed has more than `after` (default: than now). Async only to wait without holding a thread."""
    asked = _Asked(
        scope=call.part("scope"),
        epoch=call.part("epoch"),
        page=call.number_part("page"),
        authorization=call.authorization,
        known=call.request.headers.get("if-none-match"),
    )
    office, wait_s, after = call.office, call.seconds("wait_s", most=WAIT_S_MAX), call.number("after")
    if wait_s:
        head = await run_in_threadpool(_head_to_wait_at, office, asked)
        if head is not None:
            await office.news.wait(asked.scope, head if after is None else after, wait_s)
    return await run_in_threadpool(_answered, office, asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page, and what the request shows: a token, and the ETags of what the caller has already."""

    scope: str
    epoch: str
    page: int
    authorization: str | None
    known: str | None


def _head_to_wait_at(office: Office, asked: _Asked) -> int | None:
    """None when there is nothing to wait for: the page is full."""
    with _page_or_problem(), office.database.look() as session:
        if stored_page(session, asked.scope, asked.epoch, asked.page) is not None:
            return None
        head = head_at(session, asked.scope, asked.epoch, asked.page)
        if is_full(asked.page, head):
            return None
        _refuse_strangers(session, office, asked)
        return head


def _answered(office: Office, asked: _Asked) -> Response:
    """From one view of the database, but for the sealing of a page that has just become full."""
    with _page_or_problem(), office.database.look() as session:
        kept = stored_page(session, asked.scope, asked.epoch, asked.page)
        if kept is not None:
            return _answered_sealed(kept, asked.known)
        head = head_at(session, asked.scope, asked.epoch, asked.page)
        if not is_full(asked.page, head):
            _refuse_strangers(session, office, asked)
            where = Address(asked.scope, asked.epoch, asked.page, head)
            return _answered_open(open_page(session, where, office.open_rows, at=office.clock()))
        key = current_key(session, office.keys, asked.scope)
    sealed = seal(office.database, asked.scope, asked.epoch, asked.page, key, random=office.keys.random)
    return _answered_sealed(sealed, asked.known)


def _refuse_strangers(session: Reading, office: Office, asked: _Asked) -> None:
    refuse_foreign_scope(authenticated(session, office, asked.authorization), asked.scope)


@contextmanager
def _page_or_problem() -> Iterator[None]:
    try:
        yield
    except PageUnknown as error:
        raise ApiProblem("epoch_over" if error.epoch_over else "page_unknown", str(error)) from error


def _answered_open(opened: Page) -> Response:
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": "no-store"}
    return Response(opened.body, headers=headers, media_type=_OPEN_PAGE_TYPE)


def _answered_sealed(page: Page, known: str | None) -> Response:
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": _FOR_EVER, "ETag": page.etag}
    headers |= {SCOPE_KEY_HEADER: page.key_id}
    if is_held(known, page.etag):
        return Response(status_code=304, headers=headers)
    return Response(page.body, headers=headers, media_type=SEALED_PAGE_TYPE)
