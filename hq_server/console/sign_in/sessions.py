"""Owns who is signed in by which browser: a signed cookie that names a session, the session in the database, and the token that each form carries.

The cookie's signature spares the database made-up cookies; the row makes signing out final. Called by the pages; the caller commits.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import delete, select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import ConsoleSession, ConsoleUser
from stored_value.identity import StoreId

SESSION_COOKIE: Final = "tongchu_session"
SIGN_IN_COOKIE: Final = "tongchu_sign_in"
SESSION_LIFE: Final = timedelta(hours=12)
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """`store_id` is set for a franchisee, who sees that store only. `csrf_token` goes into every form."""

    user_id: str
    login: str
    name: str
    role: str
    store_id: StoreId | None
    csrf_token: str

    @property
    def may_change(self) -> bool:
        """Enrol, stop and allow tills; move value between members and change their standing."""
        return self.role == "admin"


class SignedCookies:
    """What the console writes into cookies, signed with its own key; `read` answers None for anything else."""

    def __init__(self, secret: bytes) -> None:
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._sessions = URLSafeSerializer(secret, salt="tongchu/console-session/1", signer_kwargs=signing)
        self._forms = URLSafeSerializer(secret, salt="tongchu/console-sign-in/1", signer_kwargs=signing)

    def session_cookie(self, token: str) -> str:
        return _text(self._sessions, token)

    def session_token(self, cookie: str | None) -> str | None:
        return _read(self._sessions, cookie)

    def form_token(self, nonce: str) -> str:
        """For the one form that is shown before anybody is signed in; `nonce` is the browser's own cookie."""
        return _text(self._forms, nonce)

    def is_form_token(self, token: str, nonce: str | None) -> bool:
        read = _read(self._forms, token)
        return nonce is not None and read is not None and hmac.compare_digest(read, nonce)


def open_session(
    session: WriteSession, user_id: str, *, now: datetime, random_text: Callable[[int], str] = token_urlsafe
) -> str:
    """The new session's token, for the cookie. Sessions of this user that are over are swept on the way."""
    token = random_text(_TOKEN_BYTES)
    session.execute(delete(ConsoleSession).where(ConsoleSession.user_id == user_id, ConsoleSession.expires_at <= now))
    session.add(
        ConsoleSession(
            token_hash=_hash(token),
            user_id=user_id,
            csrf_token=random_text(_TOKEN_BYTES),
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    session.flush()
    return token


def visitor_of(session: ReadSession, token: str, *, now: datetime) -> Visitor | None:
    found = session.execute(
        select(ConsoleSession.csrf_token, ConsoleUser)
        .join(ConsoleUser, ConsoleUser.user_id == ConsoleSession.user_id)
        .where(ConsoleSession.token_hash == _hash(token), ConsoleSession.expires_at > now, ConsoleUser.active)
    ).one_or_none()
    if found is None:
        return None
    csrf_token, user = found
    return Visitor(
        user_id=user.user_id,
        login=user.login,
        name=user.name,
        role=user.role,
        store_id=None if user.store_id is None else StoreId(user.store_id),
        csrf_token=csrf_token,
    )


def close_session(session: WriteSession, token: str) -> None:
    session.execute(delete(ConsoleSession).where(ConsoleSession.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(serializer: URLSafeSerializer, value: str) -> str:
    return serializer.dumps(value)


def _read(serializer: URLSafeSerializer, text: str | None) -> str | None:
    try:
        value = serializer.loads(text or "")
    except BadData:
        return None
    return value if isinstance(value, str) else None
