"""Owns what every page asks of a request before it answers: who visits, which store may be seen, and whether a form was sent by our own page."""

import hmac
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Form, Request
from pydantic import StringConstraints

from hq_server.console.sign_in.sessions import SESSION_COOKIE, SignedCookies, Visitor, visitor_of
from hq_server.office import Office, office_of
from stored_value.identity import StoreId

ROOT = "/console"


class SignInNeeded(Exception):
    """Nobody is signed in, or not any more; `back_to` is where the visitor wanted to go."""

    def __init__(self, back_to: str) -> None:
        super().__init__("sign in first")
        self.back_to = back_to

    @property
    def location(self) -> str:
        return f"{ROOT}/sign-in?next={quote(self.back_to, safe='')}"


class PageMissing(Exception):
    """What was asked for is not there, or not for this visitor, who must not learn which."""


class NotPermitted(Exception):
    """The visitor's role does not do this."""


class FormForged(Exception):
    """The form does not carry this session's token: it came from another site, or from a session that is over."""


OfficeOf = Annotated[Office, Depends(office_of)]


def cookies_of(request: Request) -> SignedCookies:
    cookies = request.app.state.cookies
    assert isinstance(cookies, SignedCookies)
    return cookies


def require_visitor(request: Request, office: OfficeOf) -> Visitor:
    token = cookies_of(request).session_token(request.cookies.get(SESSION_COOKIE))
    visitor = None
    if token is not None:
        with office.database.read() as session:
            visitor = visitor_of(session, token, now=office.clock())
    if visitor is None:
        raise SignInNeeded(_wanted(request))
    request.state.visitor = visitor
    return visitor


VisitorOf = Annotated[Visitor, Depends(require_visitor)]


def require_own_form(visitor: VisitorOf, csrf_token: Annotated[str, Form()] = "") -> Visitor:
    """For every POST of somebody who is signed in."""
    if not hmac.compare_digest(csrf_token.encode(), visitor.csrf_token.encode()):
        raise FormForged
    return visitor


FormVisitor = Annotated[Visitor, Depends(require_own_form)]


REASON_CHARS_MAX = 200
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARS_MAX), Form()]
"""Why a person does what cannot be undone; the forms ask for it, and one sent without it is refused."""


def seen_store(visitor: Visitor, asked: str | None) -> StoreId | None:
    """The store that a page is about: the visitor's only one, or the one asked for, or None for all. Raises `PageMissing`."""
    if visitor.store_id is None:
        return StoreId(asked) if asked else None
    if asked and asked != visitor.store_id:
        raise PageMissing
    return visitor.store_id


def safe_next(text: str) -> str:
    """A place inside the console; anything else leads to its first page."""
    inside = text.startswith(ROOT + "/") and "\\" not in text and not any(ord(char) < 32 for char in text)
    return text if inside else ROOT + "/"


def _wanted(request: Request) -> str:
    if request.method != "GET" or request.headers.get("hx-request"):
        return request.headers.get("hx-current-url", "").partition(request.url.netloc)[2] or ROOT + "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
