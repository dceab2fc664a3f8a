"""POST /v1/challenges and /v1/sessions, the key of a scope, and the dependency that every other call of a till takes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from hq_server.answers import answered
from hq_server.database.engine import ReadSession
from hq_server.errors import ApiProblem
from hq_server.keys.generations import ScopeKeyUnknown, current_key, key_named
from hq_server.office import Office, office_of
from hq_server.request_bodies import RequestBody
from hq_server.sessions.service import SessionRefused, authenticate, bearer, open_session
from hq_server.sessions.tokens import TillToken
from sync.keys import encode_bytes
from sync.messages import GLOBAL_SCOPE, Challenge, ChallengeRequest, ScopeKey, SessionRequest

router = APIRouter()


def calling_till(
    office: Annotated[Office, Depends(office_of)], authorization: Annotated[str | None, Header()] = None
) -> TillToken:
    """The active till whose token the request carries."""
    with office.database.read() as session:
        return authenticated(session, office, authorization)


def authenticated(session: ReadSession, office: Office, authorization: str | None) -> TillToken:
    """The same within a view of the database that the endpoint has already."""
    try:
        return authenticate(session, office.tokens, authorization, now=office.clock())
    except SessionRefused as refused:
        raise ApiProblem(refused.code, str(refused)) from refused


def claimed_till(office: Office, authorization: str | None) -> TillToken:
    """The till that a genuine token names, which may have been stopped since: for what is done before the database is asked."""
    try:
        return bearer(office.tokens, authorization, now=office.clock())
    except SessionRefused as refused:
        raise ApiProblem(refused.code, str(refused)) from refused


CallingTill = Annotated[TillToken, Depends(calling_till)]


def refuse_foreign_scope(till: TillToken, scope: str) -> None:
    """A till reads the global scope and its own store's."""
    if scope not in (GLOBAL_SCOPE, till.store_id):
        raise ApiProblem("not_permitted", f"{till.terminal_id} does not read scope {scope[:24]}")


@router.post("/v1/challenges")
def post_challenge(body: RequestBody, office: Annotated[Office, Depends(office_of)]) -> Response:
    """Says nothing about whether the terminal exists; that takes its signature."""
    request = body.decode(ChallengeRequest)
    return answered(Challenge(challenge=office.tokens.issue_challenge(request.terminal_id, office.clock())))


@router.post("/v1/sessions")
def post_session(body: RequestBody, office: Annotated[Office, Depends(office_of)]) -> Response:
    request = body.decode(SessionRequest)
    try:
        with office.database.write() as session:
            answer = open_session(session, office.keys, office.tokens, request, now=office.clock())
    except SessionRefused as refused:
        raise ApiProblem(refused.code, str(refused)) from refused
    return answered(answer)


@router.get("/v1/scopes/{scope}/key")
def get_scope_key(
    scope: str, till: CallingTill, office: Annotated[Office, Depends(office_of)], key_id: str = ""
) -> Response:
    """The key in force, or an earlier one by its id."""
    refuse_foreign_scope(till, scope)
    try:
        with office.database.read() as session:
            key = key_named(session, office.keys, scope, key_id) if key_id else current_key(session, office.keys, scope)
    except ScopeKeyUnknown as error:
        raise ApiProblem("not_found", str(error)) from error
    return answered(ScopeKey(scope=scope, key_id=key.key_id, key=encode_bytes(key.key)))
