"""Signing in, signing out, and choosing a language."""

from datetime import timedelta
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.console.catalogues import LANGUAGE_COOKIE, Language
from hq_server.console.rendering import page
from hq_server.console.sign_in.attempts import SignInAttempts
from hq_server.console.sign_in.sessions import (
    SESSION_COOKIE,
    SESSION_LIFE,
    SIGN_IN_COOKIE,
    close_session,
    open_session,
)
from hq_server.console.visiting import ROOT, FormForged, FormVisitor, OfficeOf, PageMissing, cookies_of, safe_next
from hq_server.staff.console_users import user_with_password

router = APIRouter()
_LANGUAGE_LIFE = timedelta(days=365)


@router.get("/sign-in")
def get_sign_in(request: Request, office: OfficeOf, next: str = "") -> Response:  # noqa: A002  the address says next
    return _form(request, office.config.secure_cookies, back_to=safe_next(next))


@router.post("/sign-in")
def post_sign_in(
    request: Request,
    office: OfficeOf,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    form_token: Annotated[str, Form()] = "",
    back_to: Annotated[str, Form()] = "",
) -> Response:
    if not cookies_of(request).is_form_token(form_token, request.cookies.get(SIGN_IN_COOKIE)):
        raise FormForged
    back_to = safe_next(back_to)
    now = office.clock()
    attempts = _attempts(request)
    wait = attempts.wait(login, now)
    secure = office.config.secure_cookies
    if wait:
        seconds = int(wait.total_seconds()) + 1
        return _form(request, secure, back_to=back_to, login=login, wrong="wait", wait_s=seconds, status=429)
    with office.database.read() as session:
        user = user_with_password(session, login, password)
    if user is None:
        attempts.failed(login, now)
        return _form(request, secure, back_to=back_to, login=login, wrong="password", status=401)
    attempts.succeeded(login)
    with office.database.write() as session:
        token = open_session(session, user.user_id, now=now)
    response = RedirectResponse(back_to, 303)
    response.set_cookie(
        SESSION_COOKIE,
        cookies_of(request).session_cookie(token),
        max_age=int(SESSION_LIFE.total_seconds()),
        path=ROOT,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    response.delete_cookie(SIGN_IN_COOKIE, path=ROOT)
    return response


@router.post("/sign-out")
def post_sign_out(request: Request, office: OfficeOf, _visitor: FormVisitor) -> Response:
    token = cookies_of(request).session_token(request.cookies.get(SESSION_COOKIE))
    assert token is not None
    with office.database.write() as session:
        close_session(session, token)
    response = RedirectResponse(f"{ROOT}/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE, path=ROOT)
    return response


@router.get("/language/{language}")
def get_language(office: OfficeOf, language: str, next: str = "") -> Response:  # noqa: A002 - the address says next
    if language not in set(Language):
        raise PageMissing
    response = RedirectResponse(safe_next(next), 303)
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=int(_LANGUAGE_LIFE.total_seconds()),
        path=ROOT,
        samesite="lax",
        secure=office.config.secure_cookies,
    )
    return response


def _form(
    request: Request,
    secure: bool,
    *,
    back_to: str,
    login: str = "",
    wrong: str = "",
    wait_s: int = 0,
    status: int = 200,
) -> Response:
    nonce = request.cookies.get(SIGN_IN_COOKIE) or token_urlsafe(16)
    response = page(
        request,
        "sign_in.html",
        status=status,
        form_token=cookies_of(request).form_token(nonce),
        back_to=back_to,
        login=login,
        wrong=wrong,
        wait_s=wait_s,
    )
    response.set_cookie(SIGN_IN_COOKIE, nonce, path=ROOT, httponly=True, samesite="lax", secure=secure)
    return response


def _attempts(request: Request) -> SignInAttempts:
    attempts = request.app.state.attempts
    assert isinstance(attempts, SignInAttempts)
    return attempts
