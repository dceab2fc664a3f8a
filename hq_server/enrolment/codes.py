"""Owns one-time enrolment codes: made for a store, kept only as a hash, good for one till and one day. Called by the console and the command line."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes

from sqlalchemy import select

from hq_server.database.engine import WriteSession
from hq_server.database.models import EnrolmentCode, Store, Terminal
from stored_value.identity import StoreId, TerminalId

CODE_LIFE = timedelta(hours=24)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS = 3
_GROUP_CHARS = 4


class StoreUnknown(Exception):
    """There is no such store."""


class TerminalTaken(Exception):
    """A till of this name is enrolled already: a new machine becomes a new till, so that no receipt number is used twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """`code` is shown once and stored nowhere."""

    code: str
    terminal_id: TerminalId
    expires_at: datetime


def create_code(
    session: WriteSession,
    store_id: StoreId,
    terminal_id: TerminalId | None = None,
    *,
    now: datetime,
    random: Callable[[int], bytes] = token_bytes,
) -> NewCode:
    """For the till `terminal_id`, or the store's next free one. Raises `StoreUnknown`, `TerminalTaken`."""
    if session.get(Store, store_id) is None:
        raise StoreUnknown(f"there is no store {store_id}")
    enrolled = set(session.scalars(select(Terminal.terminal_id).where(Terminal.store_id == store_id)))
    if terminal_id is None:
        promised = set(session.scalars(select(EnrolmentCode.terminal_id).where(EnrolmentCode.store_id == store_id)))
        terminal_id = _next_free(store_id, enrolled | promised)
    elif not terminal_id.startswith(f"{store_id}-T"):
        raise StoreUnknown(f"a till of store {store_id} is called {store_id}-T and a number, not {terminal_id}")
    elif terminal_id in enrolled:
        raise TerminalTaken(f"{terminal_id} is enrolled already; make a code for the store's next till")
    code = new_code(random)
    expires_at = now + CODE_LIFE
    session.add(
        EnrolmentCode(
            code_hash=code_hash(code),
            store_id=store_id,
            terminal_id=terminal_id,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )
    )
    session.flush()
    return NewCode(code=code, terminal_id=terminal_id, expires_at=expires_at)


def code_hash(typed: str) -> str:
    """Of a code as a person types it: case, spaces and dashes do not count. 58 bits of chance need no slow hash."""
    plain = "".join(char for char in typed.upper() if char.isalnum())
    return hashlib.sha256(f"tongchu/enrolment/1\0{plain}".encode()).hexdigest()


def _next_free(store_id: StoreId, taken: set[str]) -> TerminalId:
    number = 1
    while f"{store_id}-T{number}" in taken:
        number += 1
    return TerminalId(f"{store_id}-T{number}")


def new_code(random: Callable[[int], bytes]) -> str:
    """To be read out on the telephone: 58 bits."""
    number = int.from_bytes(random(16), "big")
    chars = []
    for _ in range(_GROUPS * _GROUP_CHARS):
        number, place = divmod(number, len(_ALPHABET))
        chars.append(_ALPHABET[place])
    text = "".join(chars)
    return "-".join(text[start : start + _GROUP_CHARS] for start in range(0, len(text), _GROUP_CHARS))
