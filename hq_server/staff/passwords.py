"""Owns console passwords: argon2id hashes and the least a password must have. Called by `staff.console_users`."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

PASSWORD_CHARS_MIN = 10
PASSWORD_CHARS_MAX = 200
_hasher = PasswordHasher()
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$Y2hlY2tpbmcgbm9ib2R5IHRha2VzIGFzIGxvbmc"


class PasswordUnreadable(Exception):
    """The stored hash is damaged; set a new password."""


def is_password(text: str) -> bool:
    return PASSWORD_CHARS_MIN <= len(text) <= PASSWORD_CHARS_MAX


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """`stored` None (no such user) takes as long as a wrong password, so that time tells nobody who exists."""
    try:
        return _hasher.verify(_NOBODY if stored is None else stored, password[:PASSWORD_CHARS_MAX])
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as error:
        raise PasswordUnreadable("the stored password hash cannot be read") from error


def new_password() -> str:
    """For a first login, to be shown once."""
    return secrets.token_urlsafe(12)
