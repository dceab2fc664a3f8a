"""Owns who may sign in to the console. Sessions and cookies are the console's; the caller commits."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from secrets import token_bytes

from sqlalchemy import select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import ConsoleUser
from hq_server.staff.passwords import PASSWORD_CHARS_MIN, check_password, hash_password, is_password
from stored_value.identity import StoreId, uuid7


class ConsoleRole(StrEnum):
    """A franchisee sees the one store that the user is given; the others see all."""

    ADMIN = "admin"
    FINANCE = "finance"
    FRANCHISEE = "franchisee"


class PasswordTooWeak(Exception):
    """Shorter than a password must be."""


class LoginTaken(Exception):
    """Another user has this login."""


def hash_for(password: str) -> str:
    """Slow on purpose; make it before a unit of work begins. Raises `PasswordTooWeak`."""
    if not is_password(password):
        raise PasswordTooWeak(f"a password has {PASSWORD_CHARS_MIN} characters or more")
    return hash_password(password)


def add_console_user(
    session: WriteSession,
    *,
    login: str,
    name: str,
    role: ConsoleRole,
    password_hash: str,
    store_id: StoreId | None = None,
    now: datetime,
    random: Callable[[int], bytes] = token_bytes,
) -> str:
    """`password_hash` is `hash_for` the password. Raises `LoginTaken`."""
    assert (role is ConsoleRole.FRANCHISEE) == (store_id is not None), "a franchisee has a store, others have none"
    login = _plain(login)
    if session.scalar(select(ConsoleUser.user_id).where(ConsoleUser.login == login)) is not None:
        raise LoginTaken(f"there is a user {login} already")
    user_id = uuid7(now, random(10))
    session.add(
        ConsoleUser(
            user_id=user_id,
            login=login,
            name=name,
            role=role,
            store_id=store_id,
            password_hash=password_hash,
            active=True,
            created_at=now,
        )
    )
    session.flush()
    return user_id


def user_with_password(session: ReadSession, login: str, password: str) -> ConsoleUser | None:
    """Takes as long for a login that does not exist as for a wrong password."""
    user = session.scalar(select(ConsoleUser).where(ConsoleUser.login == _plain(login), ConsoleUser.active))
    right = check_password(None if user is None else user.password_hash, password)
    return user if right else None


def _plain(login: str) -> str:
    return login.strip().casefold()
