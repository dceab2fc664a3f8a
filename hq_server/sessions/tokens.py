"""Owns challenges and session tokens: signed by head office, kept nowhere, so that any HQ process can check one.

Whether the terminal is still active is not in the token; who takes one asks the database (`sessions.service`).
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from secrets import token_bytes
from typing import TypeVar

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from stored_value.identity import StoreId, TerminalId
from sync.message_types import prepare

_T = TypeVar("_T", bound=msgspec.Struct)
CHALLENGE_LIFE = timedelta(minutes=2)
TOKEN_LIFE = timedelta(hours=8)
TOKENS_KEPT = 4096


class TokenInvalid(Exception):
    """Not signed by this head office, or for something else."""


class TokenOutlived(Exception):
    """Rightly signed, and its time is over: open a new session."""


class TillToken(msgspec.Struct, frozen=True, kw_only=True):
    terminal_id: TerminalId
    store_id: StoreId
    incarnation: int
    epoch: str
    until_s: int


class _Challenge(msgspec.Struct, frozen=True, kw_only=True):
    terminal_id: TerminalId
    nonce: str
    until_s: int


class Tokens:
    def __init__(self, secret: bytes, random: Callable[[int], bytes] = token_bytes) -> None:
        self._random = random
        signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._challenges = URLSafeSerializer(secret, salt="tongchu/challenge/1", signer_kwargs=signing)
        self._sessions = URLSafeSerializer(secret, salt="tongchu/session/1", signer_kwargs=signing)
        # What was rightly signed stays so; whether its time is over is asked each time.
        self._verified = lru_cache(TOKENS_KEPT)(lambda text: _read(self._sessions, text, TillToken))

    def issue_challenge(self, terminal_id: TerminalId, now: datetime) -> str:
        challenge = _Challenge(
            terminal_id=terminal_id, nonce=self._random(16).hex(), until_s=_seconds(now + CHALLENGE_LIFE)
        )
        return _text(self._challenges, challenge)

    def check_challenge(self, text: str, terminal_id: TerminalId, now: datetime) -> None:
        """Raises `TokenInvalid`, or `TokenOutlived` when the till took too long."""
        challenge = _read(self._challenges, text, _Challenge)
        if challenge.terminal_id != terminal_id:
            raise TokenInvalid("the challenge was made for another terminal")
        if _seconds(now) > challenge.until_s:
            raise TokenOutlived("the challenge was answered too late")

    def issue(self, *, terminal_id: TerminalId, store_id: StoreId, incarnation: int, epoch: str, now: datetime) -> str:
        until_s = _seconds(now + TOKEN_LIFE)
        token = TillToken(
            terminal_id=terminal_id, store_id=store_id, incarnation=incarnation, epoch=epoch, until_s=until_s
        )
        return _text(self._sessions, token)

    def read(self, text: str, now: datetime) -> TillToken:
        """Raises `TokenInvalid` or `TokenOutlived`."""
        token = self._verified(text)
        if _seconds(now) > token.until_s:
            raise TokenOutlived("the session is over")
        return token


def _seconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())


def _text(serializer: URLSafeSerializer, message: msgspec.Struct) -> str:
    return serializer.dumps(msgspec.to_builtins(message))


def _read(serializer: URLSafeSerializer, text: str, shape: type[_T]) -> _T:
    try:
        return msgspec.convert(serializer.loads(text), shape)
    except (BadData, msgspec.ValidationError) as error:
        raise TokenInvalid("not a token of this head office") from error


prepare(globals())
