"""POST /v1/challenges and /v1/sessions, the key of a scope, and who it is that makes any other call."""

from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.database.engine import Reading
from hq_server.errors import ApiProblem
from hq_server.exceptions.troubles import notice_restored
from hq_server.keys.generations import ScopeKeyUnknown, current_key, key_named
from hq_server.office import Office
from hq_server.sessions.service import FeedBehind, SessionRefused, authenticate, bearer, open_session
from hq_server.sessions.tokens import TillToken
from sync.keys import encode_bytes
from sync.messages import GLOBAL_SCOPE, Challenge, ChallengeRequest, ScopeKey, SessionRequest

calls = Calls()


def calling_till(call: Call) -> TillToken:
    """The active till whose token the call carries. Asks the database: not in the server's event loop."""
    with call.office.database.look() as session:
        return authenticated(session, call.office, call.authorization)


def authenticated(session: Reading, office: Office, authorization: str | None) -> TillToken:
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


def admits_claimed(call: Call) -> None:
    """For calls of which few at once are taken: who has no genuine token is told so before he has sent anything."""
    claimed_till(call.office, call.authorization)


def refuse_foreign_scope(till: TillToken, scope: str) -> None:
    """A till reads the global scope and its own store's."""
    if scope not in (GLOBAL_SCOPE, till.store_id):
        raise ApiProblem("not_permitted", f"{till.terminal_id} does not read scope {scope[:24]}")


@calls.post("/v1/challenges")
def post_challenge(call: Call) -> Response:
    """Says nothing about whether the terminal exists; that takes its signature."""
    office, request = call.office, call.decode(ChallengeRequest)
    return answered(Challenge(challenge=office.tokens.issue_challenge(request.terminal_id, office.clock())))


@calls.post("/v1/sessions")
def post_session(call: Call) -> Response:
    office, request = call.office, call.decode(SessionRequest)
    try:
        with office.database.write() as session:
            answer = open_session(
                session, office.keys, office.tokens, request, now=office.clock(), protocol=call.protocol
            )
    except FeedBehind as behind:
        with office.database.write() as session:
            notice_restored(session, behind.facts, now=office.clock())
        raise ApiProblem(behind.code, str(behind)) from behind
    except SessionRefused as refused:
        raise ApiProblem(refused.code, str(refused)) from refused
    return answered(answer)


@calls.get("/v1/scopes/{scope}/key")
def get_scope_key(call: Call) -> Response:
    """The key in force, or an earlier one by its id."""
    office, scope, key_id = call.office, call.part("scope"), call.text("key_id")
    refuse_foreign_scope(calling_till(call), scope)
    try:
        with office.database.look() as session:
            key = key_named(session, office.keys, scope, key_id) if key_id else current_key(session, office.keys, scope)
    except ScopeKeyUnknown as error:
        raise ApiProblem("not_found", str(error)) from error
    return answered(ScopeKey(scope=scope, key_id=key.key_id, key=encode_bytes(key.key)))
