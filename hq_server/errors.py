"""Owns how every failure leaves HQ: one code, one HTTP status, one body (`sync.messages.ApiError`) with a support id that stands in the log too.

The status of each code is in `STATUS_OF`, the error of each lower layer in `_problem_of`; no endpoint knows an HTTP status. The last-resort handler is here.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from hq_server.database.engine import DatabaseBusy, StorageFull
from sync.messages import PROTOCOL_HEADER, PROTOCOL_VERSION, ApiError

logger = logging.getLogger(__name__)
RETRY_AFTER_S: Final = 5
STORAGE_RETRY_AFTER_S: Final = 30

STATUS_OF: Final[dict[str, int]] = {
    "request_invalid": 400,
    "body_unreadable": 400,
    "code_unknown": 404,
    "code_expired": 410,
    "code_used": 409,
    "key_invalid": 400,
    "token_missing": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "challenge_refused": 401,
    "signature_refused": 401,
    "terminal_unknown": 401,
    "terminal_stopped": 403,
    "terminal_revoked": 403,
    "not_permitted": 403,
    "not_found": 404,
    "method_unknown": 405,
    "epoch_over": 410,
    "epoch_behind": 409,
    "page_unknown": 404,
    "snapshot_unknown": 404,
    "journal_forked": 409,
    "journal_broken": 409,
    "journal_gap": 409,
    "hold_differs": 409,
    "hold_too_late": 409,
    "body_too_slow": 408,
    "body_too_large": 413,
    "encoding_unknown": 415,
    "protocol_too_old": 426,
    "too_many_pushes": 429,
    "protocol_too_new": 400,
    "internal": 500,
    "busy": 503,
    "overloaded": 503,
    "storage_full": 503,
}


class ApiProblem(Exception):
    """A failure with the code that callers act on; `data` explains it in figures and names."""

    def __init__(
        self,
        code: str,
        message: str,
        data: Mapping[str, int | str] | None = None,
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        assert code in STATUS_OF, f"{code} has no HTTP status"
        self.code = code
        self.message = message
        self.data = dict(data or {})
        self.retry_after_s = retry_after_s


def new_support_id() -> str:
    """Short enough to be read out on the telephone."""
    return secrets.token_hex(4)


def respond(problem: ApiProblem, support_id: str, random: Callable[[int], bytes]) -> Response:
    """`Retry-After` is spread, so that tills which were refused together do not come back together."""
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": "no-store"}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s + random(1)[0] * (problem.retry_after_s + 1) // 256)
    body = ApiError(code=problem.code, message=problem.message, data=problem.data, support_id=support_id)
    return Response(msgspec.json.encode(body), STATUS_OF[problem.code], headers, "application/json")


def _problem_of(error: Exception) -> ApiProblem:
    """The one mapping from the errors of lower layers."""
    match error:
        case ApiProblem():
            return error
        case StorageFull():
            return ApiProblem(
                "storage_full", "head office's disk is full; nothing was kept", retry_after_s=STORAGE_RETRY_AFTER_S
            )
        case DatabaseBusy():
            return ApiProblem("busy", "head office is busy; the same again may succeed", retry_after_s=RETRY_AFTER_S)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            code = {404: "not_found", 405: "method_unknown"}.get(error.status_code, "request_invalid")
            return ApiProblem(code, str(error.detail))
        case _:
            return ApiProblem("internal", "head office made a mistake; tell it the support id")


def _invalid(error: RequestValidationError) -> ApiProblem:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return ApiProblem("request_invalid", f"{place}: {first['msg']}", {"where": place})


def _answer(request: Request, error: Exception) -> Response:
    problem = _problem_of(error)
    support_id = new_support_id()
    facts = {"code": problem.code, "support_id": support_id, "path": request.url.path}
    if problem.code == "internal":
        logger.error("unforeseen failure", extra=facts, exc_info=error)
    elif STATUS_OF[problem.code] >= 500:
        logger.error("%s", problem.message, extra=facts)
    else:
        logger.info("%s", problem.message, extra=facts)
    return respond(problem, support_id, request.app.state.office.keys.random)


async def _handle(request: Request, error: Exception) -> Response:
    return _answer(request, error)


def install(app: Starlette) -> None:
    """`Exception` is the last resort: Starlette logs nothing by itself and the client gets a support id."""
    for kind in (ApiProblem, StorageFull, DatabaseBusy, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _handle)
