"""Puts the console together: one application for head office's own to mount at `ROOT`. Owns its routes' order, its error pages and its last resort."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from hq_server.console.exceptions import pages as exceptions
from hq_server.console.exposure import pages as exposure
from hq_server.console.members import dead_till_pages as dead_tills
from hq_server.console.members import pages as members
from hq_server.console.members import wish_pages as wishes
from hq_server.console.promotions import pages as promotions
from hq_server.console.receipts import pages as receipts
from hq_server.console.rendering import HEADERS, STATIC, page
from hq_server.console.settlement import pages as settlement
from hq_server.console.sign_in import pages as sign_in
from hq_server.console.sign_in.attempts import SignInAttempts
from hq_server.console.sign_in.sessions import SignedCookies
from hq_server.console.tills import kept_pages as kept
from hq_server.console.tills import pages as tills
from hq_server.console.tills import takeover_pages as takeovers
from hq_server.console.today import pages as today
from hq_server.console.visiting import FormForged, NotPermitted, PageMissing, SignInNeeded
from hq_server.database.engine import DatabaseBusy, StorageFull
from hq_server.errors import new_support_id
from hq_server.office import Office

logger = logging.getLogger(__name__)
NOUNS: Final = (
    sign_in,
    today,
    members,
    wishes,
    dead_tills,
    receipts,
    promotions,
    settlement,
    exceptions,
    takeovers,
    kept,
    tills,
    exposure,
)
_FOR_EVER: Final = "public, max-age=31536000, immutable"


def create_console(office: Office) -> FastAPI:
    """Opens nothing: everything it needs is in `office`."""
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    console.state.office = office
    console.state.cookies = SignedCookies(office.keys.console_secret)
    console.state.attempts = SignInAttempts()
    for noun in NOUNS:
        console.include_router(noun.router)
    console.mount("/static", StaticFiles(directory=STATIC))
    console.middleware("http")(_with_headers)
    _install_errors(console)
    return console


async def _with_headers(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await answer(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "/static/" in request.url.path and request.query_params.get("v") and response.status_code == 200:
        response.headers["Cache-Control"] = _FOR_EVER
    return response


def _install_errors(console: FastAPI) -> None:
    console.add_exception_handler(SignInNeeded, _to_sign_in)
    for kind in (
        PageMissing,
        NotPermitted,
        FormForged,
        HTTPException,
        RequestValidationError,
        StorageFull,
        DatabaseBusy,
        Exception,
    ):
        console.add_exception_handler(kind, _error_page)


async def _to_sign_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": error.location})
    return RedirectResponse(error.location, 303)


_STATUSES: Final[dict[type[Exception], tuple[int, str]]] = {
    PageMissing: (404, "missing"),
    NotPermitted: (403, "not_permitted"),
    FormForged: (403, "form_forged"),
    RequestValidationError: (400, "not_understood"),
    StorageFull: (503, "storage_full"),
    DatabaseBusy: (503, "busy"),
}


async def _error_page(request: Request, error: Exception) -> Response:
    """`Exception` is the console's last resort: logged in full here, shown with a support id."""
    status, reason = _STATUSES.get(type(error), (500, "mistake"))
    if isinstance(error, HTTPException):
        status, reason = (404, "missing") if error.status_code in {404, 405} else (error.status_code, "not_understood")
    support_id = new_support_id()
    facts = {"support_id": support_id, "path": request.url.path}
    if status == 500:
        logger.error("unforeseen failure", extra=facts, exc_info=error)
    elif status > 500:
        logger.error("%s", error, extra=facts)
    response = page(request, "error.html", status=status, reason=reason, support_id=support_id)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
