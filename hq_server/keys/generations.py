"""Owns which generation of a scope's key is in force (H14): when a till is revoked its scopes move on, so that what is sealed from then on is closed to it.

Pages sealed before keep the key they were sealed with: the till had read them, and whoever caches them need not notice. Tills ask for a key by its id.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from hq_server.database.engine import Reading, WriteSession
from hq_server.database.models import ScopeGeneration
from hq_server.database.prepared import Prepared
from hq_server.database.upsert import upsert
from hq_server.keys.derived import DerivedKey
from hq_server.keys.key_files import HqKeys

FIRST_GENERATION = 1
_NUMBER = Prepared(select(ScopeGeneration.generation).where(ScopeGeneration.scope == bindparam("scope")))


class ScopeKeyUnknown(Exception):
    """The scope never had a key of this id."""


def current_key(session: Reading, keys: HqKeys, scope: str) -> DerivedKey:
    return keys.scope_key(scope, _generation(session, scope))


def key_named(session: Reading, keys: HqKeys, scope: str, key_id: str) -> DerivedKey:
    """The key of a page or snapshot sealed earlier. Raises `ScopeKeyUnknown`."""
    name, _, number = key_id.rpartition(".")
    if name != scope or not number.isdecimal() or not FIRST_GENERATION <= int(number) <= _generation(session, scope):
        raise ScopeKeyUnknown(f"scope {scope} has no key {key_id[:40]}")
    return keys.scope_key(scope, int(number))


def move_on(session: WriteSession, scopes: Iterable[str]) -> None:
    """The next generation of each."""
    for scope in sorted(scopes):
        adding = upsert(session, ScopeGeneration).values(scope=scope, generation=FIRST_GENERATION + 1)
        session.execute(
            adding.on_conflict_do_update(
                index_elements=[ScopeGeneration.scope], set_={"generation": ScopeGeneration.generation + 1}
            )
        )


def _generation(session: Reading, scope: str) -> int:
    found = _NUMBER.row(session, scope=scope)
    return found[0] if found else FIRST_GENERATION
