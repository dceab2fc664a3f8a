"""Owns how a till's call reaches its endpoint: by its address, with its body read and bounded. One thread of the pool does all of the work, or none when the endpoint waits.

A page for people has forms and cookies and is FastAPI's; a till's call is one message in, one out, and FastAPI would spend more on it than most endpoints do.
Endpoints are collected by `Calls`, put together by `app`.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hq_server.errors import ApiProblem
from hq_server.office import Office
from hq_server.request_bodies import EMPTY, Body, read_body
from sync.messages import PROTOCOL_HEADER

PREFIX: Final = "/v1/"
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
"""Any that the databases can hold."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What a till sent. Whatever of it is not as its endpoint takes it raises `ApiProblem`."""

    office: Office
    request: Request
    body: Body

    @property
    def authorization(self) -> str | None:
        return self.request.headers.get("authorization")

    @property
    def protocol(self) -> str:
        """Which the caller says to speak (`sync.versions`); empty when he says nothing."""
        return self.request.headers.get(PROTOCOL_HEADER, "")

    def decode(self, shape: type[T]) -> T:
        return self.body.decode(shape)

    def part(self, name: str) -> str:
        """Of the address."""
        found: str = self.request.path_params[name]
        return found

    def number_part(self, name: str) -> int:
        found = self.part(name)
        if not _WHOLE.fullmatch(found):
            raise _invalid(f"path.{name}", "a whole number is wanted")
        return int(found)

    def text(self, name: str) -> str:
        """Of the query; empty when it is not there."""
        return self.request.query_params.get(name, "")

    def number(self, name: str) -> int | None:
        """Of the query, from 0 upward; None when it is not there."""
        given = self.request.query_params.get(name)
        if given is None:
            return None
        if not _WHOLE.fullmatch(given) or int(given) < 0:
            raise _invalid(f"query.{name}", "a whole number from 0 upward is wanted")
        return int(given)

    def seconds(self, name: str, *, most: float) -> float:
        """Of the query; 0 when it is not there."""
        given = self.request.query_params.get(name, "0")
        try:
            seconds = float(given)
        except ValueError as error:
            raise _invalid(f"query.{name}", "seconds are wanted") from error
        if not 0 <= seconds <= most:
            raise _invalid(f"query.{name}", f"at most {most:g} seconds")
        return seconds


Endpoint = Callable[[Call], Response]
WaitingEndpoint = Callable[[Call], Awaitable[Response]]
E = TypeVar("E", Endpoint, WaitingEndpoint)
Admission = Callable[[Call], object]
"""Raises `ApiProblem`; must not wait."""


class Calls:
    """The endpoints of one module, in the order in which addresses are compared."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, path: str) -> Callable[[E], E]:
        return self._taking("GET", path)

    def post(self, path: str, *, admits: Admission | None = None) -> Callable[[E], E]:
        """`admits` looks at the call before its body is waited for, in the event loop: strangers take no place by sending slowly."""
        return self._taking("POST", path, admits)

    def _taking(self, method: str, path: str, admits: Admission | None = None) -> Callable[[E], E]:
        assert path.startswith(PREFIX)

        def taken(endpoint: E) -> E:
            self.routes.append(Route(path, _Entrance(endpoint, admits), methods=[method]))
            return endpoint

        return taken


class _Entrance:
    def __init__(self, endpoint: Endpoint | WaitingEndpoint, admits: Admission | None) -> None:
        self._endpoint = endpoint
        self._admits = admits
        self._waits = inspect.iscoroutinefunction(endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        office = request.app.state.office
        assert isinstance(office, Office)
        if self._admits is not None:
            self._admits(Call(office, request, EMPTY))
        pause_s = office.config.body_pause_max_s
        call = Call(office, request, EMPTY if request.method == "GET" else await read_body(request, pause_s))
        answering = self._endpoint(call) if self._waits else run_in_threadpool(self._endpoint, call)
        assert inspect.isawaitable(answering)
        response = await answering
        assert isinstance(response, Response)
        await response(scope, receive, send)


class Diverted:
    """The application for people, but for tills' calls, which another one answers."""

    def __init__(self, people: ASGIApp, tills: Starlette) -> None:
        self._people = people
        self._tills = tills

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await (self._tills if is_call else self._people)(scope, receive, send)


def _invalid(where: str, wanted: str) -> ApiProblem:
    return ApiProblem("request_invalid", f"{where}: {wanted}", {"where": where})
